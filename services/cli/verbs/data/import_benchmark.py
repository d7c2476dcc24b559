"""`preferstream import-benchmark`: turn public data of choices and ratings into cases."""

import sys
from pathlib import Path
from typing import Annotated, Final

import typer
from pydantic import TypeAdapter, ValidationError

from services.cli.connection import connect, messaging_settings
from services.cli.interchange.imported_sets import remark_lines, send_sets, set_rows
from services.cli.output.console import (
    fail,
    print_json,
    print_line,
    print_progress,
    print_rows,
    wrong_use,
)
from services.cli.program.interruption import CHILD_SECONDS, interruptible
from services.local.runtime_file import RuntimeFile
from shared.client import Client
from shared.domain.errors import Unavailable, Unprocessable
from shared.events.types.fields import Identifier
from shared.files.writable_folder import UnusableFolder, prepare_folder
from shared.jobs.benchmark_import import BenchmarkImport
from shared.runtime.child_process import run_child

FORMATS: Final = ("preferimg-bench", "preferthinker", "pick-a-pic", "pamela", "flickr-aes")
MODULE: Final = "training.evaluation.benchmark.public_data"
INTERRUPTED: Final = "the import was stopped before its end; no unfinished set is left"
NOT_SENT: Final = "the sending was stopped; the same command sends again, and no event counts twice"


def import_benchmark(
    format: Annotated[str, typer.Argument(help=f"Layout of the files: {', '.join(FORMATS)}.")],
    files: Annotated[
        list[Path], typer.Argument(help="Files as released; PreferImg-Bench also its folder.")
    ],
    out_folder: Annotated[Path, typer.Option("--out", help="Folder for the sets.")],
    images: Annotated[
        Path | None, typer.Option(help="Folder of the images; default: as released.")
    ] = None,
    set_name: Annotated[
        str | None, typer.Option("--set", help="Name of the set; default: that of the data.")
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option("--column", help="FIELD=COLUMN, where a column has another name."),
    ] = None,
    references: Annotated[
        int, typer.Option(min=1, help="Liked and disliked references of a user, each.")
    ] = 5,
    pairs: Annotated[int, typer.Option(min=1, help="Most judged pairs of a user.")] = 20,
    margin: Annotated[
        float, typer.Option(min=0.001, help="Ratings: least difference of two scores of a pair.")
    ] = 2.0,
    judged_share: Annotated[
        float, typer.Option(min=0.05, max=0.95, help="Share of a user's images that is judged.")
    ] = 0.5,
    users: Annotated[int | None, typer.Option(min=1, help="Most users; default: all.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of every draw.")] = 0,
    tenant: Annotated[str, typer.Option(help="Tenant of the feedback.")] = "benchmark",
    send: Annotated[
        bool, typer.Option("--send", help="Send the feedback to Kafka, for training jobs.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON.")] = False,
) -> None:
    """Make references and judged pairs of each user, for evaluate and for training jobs.

    No image is both a reference and judged. Rows and users that cannot be used are counted with
    their reasons. Nothing is downloaded: you get the data, and accept its terms, yourself.

    Example: preferstream import-benchmark flickr-aes FLICKR-AES_image_labeled_by_each_worker.csv
    --images 40K --out runs/flickr
    """
    if format not in FORMATS:
        wrong_use(f"{format} is no layout; choose one of {', '.join(FORMATS)}")
    if missing := [str(file) for file in files if not file.exists()]:
        wrong_use(f"there is no file {missing[0]}; check its name")
    if images is not None and not images.is_dir():
        wrong_use(f"--images {images} is no folder")
    for text in columns or []:
        field, _, name = text.partition("=")
        if not field or not name:
            wrong_use(f"--column {text} is not FIELD=COLUMN")
    try:
        TypeAdapter[str](Identifier).validate_python(tenant)
    except ValidationError as error:
        wrong_use(f"--tenant: {error.errors()[0]['msg']}")
    try:
        prepare_folder(out_folder, advice="name another folder with --out")
    except UnusableFolder as error:
        fail(str(error))
    system = _system(out_folder) if send else None
    options = {
        "--out": out_folder.absolute(), "--images": images, "--set": set_name,
        "--references": references, "--pairs": pairs, "--margin": margin,
        "--judged-share": judged_share, "--users": users, "--seed": seed, "--tenant": tenant,
    }  # fmt: skip
    # With `=`: a value may begin with a dash.
    given = [f"{name}={value}" for name, value in options.items() if value is not None]
    given += [f"--column={text}" for text in columns or []]
    # In a child process: services do not import training. Its progress goes to our stderr.
    command = [sys.executable, "-m", MODULE, *given, format, "--", *map(str, files)]
    lines: list[str] = []
    with interruptible(lambda: INTERRUPTED, grace_seconds=CHILD_SECONDS):
        result = run_child(command, on_line=lines.append, share_stderr=True)
    if result.code or not lines:
        raise typer.Exit(result.code or 1)
    summary = BenchmarkImport.model_validate_json(lines[-1])
    sent = None if system is None else _send(summary, system, tenant)
    if as_json:
        print_json(summary.model_dump(mode="json") | {"sent": sent})
        return
    print_rows(set_rows(summary))
    for line in remark_lines(summary):
        print_line(line)
    if sent is not None:
        print_progress(f"sent {sent} events of tenant {tenant}")
    print_progress(f"sets: {summary.out}")


def _system(out_folder: Path) -> RuntimeFile:
    """The running system, whose services must be able to read the images of the sets."""
    system = connect()
    roots, folder = system.allowed_file_roots, out_folder.resolve()
    if not any(folder.is_relative_to(Path(root).resolve()) for root in roots):
        problem = f"the services may read image files below {', '.join(map(str, roots))} only"
        if roots:
            wrong_use(f"{problem}: choose --out there, or start them with another folder")
        print_progress(f"note: the services need PREFERSTREAM_ALLOWED_FILE_ROOTS={folder}")
    return system


def _send(summary: BenchmarkImport, system: RuntimeFile, tenant: str) -> int:
    try:
        with (
            interruptible(lambda: NOT_SENT),
            Client(messaging_settings(system), tenant=tenant) as client,
        ):
            return send_sets(
                summary, lambda events: client.send(*events),
                on_batch=lambda count: print_progress(f"{count} events sent"),
            )  # fmt: skip
    except (Unavailable, Unprocessable) as error:
        fail(f"{error.detail}. {NOT_SENT}")
