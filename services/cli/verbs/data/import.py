"""`preferstream import`: read the history of another system into catalog and feedback."""

import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter, ValidationError

from services.cli.connection import ConnectionSettings, connect, messaging_settings
from services.cli.interchange.import_checkpoint import ImportCheckpoint
from services.cli.interchange.import_counts import ImportCounts
from services.cli.interchange.import_output import count_rows, problem_lines
from services.cli.interchange.import_run import run_import
from services.cli.interchange.reading_options import check_texts, names_of, zone_of
from services.cli.interchange.refused_lines import RefusedLines
from services.cli.output.console import (
    FAILURE,
    fail,
    print_json,
    print_line,
    print_progress,
    print_rows,
    wrong_use,
)
from services.cli.program.interruption import interruptible
from shared.client import Client
from shared.domain.clock import system_clock
from shared.domain.errors import Unavailable, Unprocessable
from shared.events.interchange.formats import FORMATS, Format, read_files
from shared.events.interchange.options import ImportOptions, UserField
from shared.events.types.base import DEFAULT_TENANT
from shared.events.types.fields import Identifier, Moment, now_context
from shared.settings import from_environment

PROGRESS_SECONDS = 5.0


def import_(
    format: Annotated[
        str, typer.Argument(help=" ".join(f"{f.name}: {f.describes}." for f in FORMATS.values()))
    ],
    files: Annotated[
        list[Path], typer.Argument(help="Files, plain or gzip; - for standard input. Items first.")
    ],
    tenant: Annotated[str, typer.Option(help="Tenant of the events.")] = DEFAULT_TENANT,
    uri_field: Annotated[
        str | None, typer.Option(help="Field of an item that holds the address of its image.")
    ] = None,
    uri_template: Annotated[
        str | None, typer.Option(help="Address of an image, with {id} in place of the item's id.")
    ] = None,
    tags_field: Annotated[
        str | None, typer.Option(help="Field of an item that holds its tags; default: tags.")
    ] = None,
    user_field: Annotated[
        str, typer.Option(help="UBI: client_id or user_id; the other one where it is missing.")
    ] = "client_id",
    mapping: Annotated[
        list[str] | None,
        typer.Option("--map", help="NAME=TYPE of an event, or NAME=skip; more than once."),
    ] = None,
    lists: Annotated[
        str, typer.Option(help="Ranked lists: views (each image was viewed), or skip.")
    ] = "views",
    encoding: Annotated[
        str | None, typer.Option(help="Encoding without a byte order mark; default: UTF-8.")
    ] = None,
    timezone: Annotated[str, typer.Option(help="Zone of times without one.")] = "UTC",
    missing_time: Annotated[
        str | None, typer.Option(help="Time of feedback without one, in RFC 3339.")
    ] = None,
    refused_file: Annotated[
        Path | None,
        typer.Option("--refused", help="File for refused lines; default: next to the first file."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Send nothing: count, and show the first problems.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON.")] = False,
) -> None:
    """Import items, ranked lists and interactions; broken lines are refused, the rest is sent.

    An import that is run again resumes, and no event counts twice. Exit code 1: lines were refused.

    Example: preferstream import metarank history.jsonl.gz --uri-field image
    """
    reader = FORMATS.get(format)
    if reader is None:
        wrong_use(f"{format} is no format; choose one of {', '.join(FORMATS)}")
    if lists not in ("views", "skip"):
        wrong_use(f"--lists must be views or skip, not {lists}")
    options = _options(
        reader, mapping or [], tenant=tenant, uri_field=uri_field, uri_template=uri_template,
        tags_field=tags_field, user_field=user_field, timezone=timezone,
        missing_time=missing_time, encoding=encoding,
    )  # fmt: skip
    if missing := [str(file) for file in files if str(file) != "-" and not file.exists()]:
        wrong_use(f"there is no file {missing[0]}; check its name")
    if folders := [str(file) for file in files if file.is_dir()]:
        wrong_use(f"{folders[0]} is a folder; name the files in it")
    refused_path = refused_file or _refused_file(files[0])
    if refused_path.is_dir() or any(_is_same(refused_path, file) for file in files):
        # The file of the refused lines is replaced by each run.
        wrong_use(f"{refused_path} is a folder or an imported file; name another with --refused")
    counts = ImportCounts()
    chosen = [format, lists, *sorted(mapping or []), *map(str, _values(options, encoding))]
    progress = _Progress(counts)
    refused_lines = RefusedLines(None if dry_run else refused_path)
    with interruptible(counts.sentence), refused_lines as refused:
        reads = read_files(reader, files, options, encoding=encoding)
        common: dict[str, Any] = {
            "counts": counts, "refused": refused, 
            "lists_as_views": lists == "views", "on_batch": progress,
        }  # fmt: skip
        if dry_run:
            run_import(reads, options, send=None, checkpoint=ImportCheckpoint(None), **common)
        else:
            _send(reads, options, files, chosen, common)
    _show(counts, refused, dry_run=dry_run, as_json=as_json)


def _send(
    reads: Any, options: ImportOptions, files: list[Path], chosen: list[str], common: dict[str, Any]
) -> None:
    system = connect()
    data_dir = from_environment(ConnectionSettings).data_dir
    checkpoint = ImportCheckpoint.of(data_dir, files, system.kafka, *chosen)
    if checkpoint.records:
        print_progress(f"resuming after record {checkpoint.records}, which an earlier run has sent")
    counts: ImportCounts = common["counts"]
    try:
        with Client(messaging_settings(system), tenant=options.tenant) as client:
            run_import(
                reads, options, send=lambda events: client.send(*events), checkpoint=checkpoint,
                **common,
            )  # fmt: skip
    except (Unavailable, Unprocessable) as error:
        fail(f"{error.detail}. {counts.sentence()}")


def _options(
    reader: Format, mapping: list[str], *, tenant: str, uri_field: str | None,
    uri_template: str | None, tags_field: str | None, user_field: str, timezone: str,
    missing_time: str | None, encoding: str | None,
) -> ImportOptions:  # fmt: skip
    check_texts(uri_template=uri_template, encoding=encoding, user_field=user_field)
    names, zone = names_of(reader.name, mapping), zone_of(timezone)
    now = system_clock()
    field: UserField = user_field  # type: ignore[assignment]  # checked above
    try:
        TypeAdapter[str](Identifier).validate_python(tenant)
        missing = None
        if missing_time is not None:
            missing = TypeAdapter[datetime](Moment).validate_python(
                missing_time, context=now_context(now)
            )
    except ValidationError as error:
        wrong_use(f"--tenant or --missing-time: {error.errors()[0]['msg']}")
    return ImportOptions(
        names, now, tenant, uri_field, uri_template, tags_field, field, zone, missing,
    )  # fmt: skip


def _values(options: ImportOptions, encoding: str | None) -> tuple[object, ...]:
    """What changes the events, for the name of the checkpoint."""
    return (
        options.tenant, options.uri_field, options.uri_template, options.tags_field,
        options.user_field, options.zone, options.missing_time, encoding,
    )  # fmt: skip


def _refused_file(file: Path) -> Path:
    """`history.jsonl.refused.jsonl`, in the current folder where its own cannot be written to.

    Not in the data folder: refused lines are copies of the user's file, which no erasure searches.
    """
    from shared.files.writable_folder import unwritable_because

    name = "stdin" if str(file) == "-" else file.name
    folder = Path() if str(file) == "-" or unwritable_because(file.parent) else file.parent
    return folder / f"{name}.refused.jsonl"


def _is_same(path: Path, file: Path) -> bool:
    return str(file) != "-" and path.exists() and path.samefile(file)


class _Progress:
    """Prints the progress every few seconds."""

    def __init__(self, counts: ImportCounts) -> None:
        self._counts = counts
        self._next = time.monotonic() + PROGRESS_SECONDS

    def __call__(self) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + PROGRESS_SECONDS
            print_progress(f"{self._counts.records} records read, {self._counts.sent} events sent")


def _show(counts: ImportCounts, refused: RefusedLines, *, dry_run: bool, as_json: bool) -> None:
    count = counts.refused.total()
    path = str(refused.path) if count and refused.path is not None else None
    if as_json:
        print_json(counts.as_json() | {"refused_file": path, "dry_run": dry_run})
    else:
        title = f"{counts.records} records" + (", nothing was sent" if dry_run else "")
        print_rows(count_rows(counts, title=title))
        for line in problem_lines(counts):
            print_line(line)
        if not dry_run:
            before = f", {counts.sent_before} were sent before" if counts.sent_before else ""
            print_progress(f"sent {counts.sent} events{before}")
    if not counts.records:
        print_progress("no record was read: the files are empty, or hold no lines of this format")
    if count:
        where = f"; they are in {path} with file, line and reason" if path else ""
        print_progress(f"{count} records were refused{where}")
        sys.stdout.flush()
        raise typer.Exit(FAILURE)
