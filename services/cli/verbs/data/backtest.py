"""`preferstream backtest`: what the feeds would have been worth on a history, before switching."""

import json
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated

import typer

from services.cli.interchange.backtest_output import (
    method_rows,
    off_policy_rows,
    remarks,
    write_backtest_page,
)
from services.cli.interchange.reading_options import check_texts, names_of, zone_of
from services.cli.output.console import (
    print_json,
    print_line,
    print_progress,
    print_rows,
    wrong_use,
)
from services.cli.program.interruption import CHILD_SECONDS, interruptible
from shared.events.interchange.formats import FORMATS
from shared.events.types.base import DEFAULT_TENANT
from shared.jobs.backtest_report import BacktestReport
from shared.runtime.child_process import run_child

INTERRUPTED = "the backtest was stopped before its end, and there is no report"


def backtest(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Files of another system, plain or gzip.")
    ] = None,
    format: Annotated[
        str | None, typer.Option(help=f"Format of the files: {', '.join(FORMATS)}.")
    ] = None,
    from_lake: Annotated[
        bool, typer.Option("--lake", help="Read our own lake (PREFERSTREAM_LAKE_URI) instead.")
    ] = False,
    tenant: Annotated[str, typer.Option(help="Tenant of the history.")] = DEFAULT_TENANT,
    uri_field: Annotated[str | None, typer.Option(help="As for import.")] = None,
    uri_template: Annotated[str | None, typer.Option(help="As for import.")] = None,
    user_field: Annotated[str, typer.Option(help="As for import.")] = "client_id",
    mapping: Annotated[list[str] | None, typer.Option("--map", help="As for import.")] = None,
    encoding: Annotated[str | None, typer.Option(help="As for import.")] = None,
    timezone: Annotated[str, typer.Option(help="As for import.")] = "UTC",
    model: Annotated[
        Path | None, typer.Option(help="Folder of a checkpoint; default: PREFERSTREAM_MODEL.")
    ] = None,
    users: Annotated[int, typer.Option(min=2, help="Users who are drawn from the history.")] = 200,
    rankings: Annotated[int, typer.Option(min=1, help="Lists that are ranked again.")] = 300,
    seed: Annotated[int, typer.Option(help="Seed of samples and intervals.")] = 0,
    page: Annotated[Path | None, typer.Option(help="File for the report as a page, .html.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON.")] = False,
) -> None:
    """Rank each logged list again, by what was known of its user before, and compare the clicks.

    With the logged order, popularity, chance, and the controls user_blind and other_user. Where
    chance made choices with known probabilities, also SNIPS and doubly robust estimates.

    Example: preferstream backtest history.jsonl --format metarank --uri-field image
    """
    if bool(files) == from_lake:
        wrong_use("name files with --format, or --lake (not both)")
    if files and format not in FORMATS:
        wrong_use(f"name the format of the files with --format: {', '.join(FORMATS)}")
    for file in files or []:
        if not file.exists():
            wrong_use(f"there is no file {file}; check its name")
        if file.is_dir():
            wrong_use(f"{file} is a folder; name the files in it")
    check_texts(uri_template=uri_template, encoding=encoding, user_field=user_field)
    zone_of(timezone)
    names_of(format or "", mapping or [])
    options = {
        "--format": format, "--tenant": tenant, "--uri-field": uri_field,
        "--uri-template": uri_template, "--user-field": user_field, "--encoding": encoding,
        "--timezone": timezone, "--model": model, "--users": users, "--rankings": rankings,
        "--seed": seed, **(_lake() if from_lake else {}),
    }  # fmt: skip
    given = [str(part) for pair in options.items() if pair[1] is not None for part in pair]
    for text in mapping or []:
        given += ["--map", text]
    # In a child process: services do not import training. Its progress goes to our stderr.
    command = [
        sys.executable, "-m", "training.simulate.backtest", *map(str, files or []), *given
    ]  # fmt: skip
    lines: list[str] = []
    with (
        interruptible(lambda: INTERRUPTED, grace_seconds=CHILD_SECONDS),
        _catalog(tenant, wanted=from_lake) as catalog,
    ):
        more = ["--catalog", str(catalog)] if catalog is not None else []
        result = run_child([*command, *more], on_line=lines.append, share_stderr=True)
    if result.code or not lines:
        raise typer.Exit(result.code or 1)
    report = BacktestReport.model_validate_json(lines[-1])
    # First: a page that cannot be written must not cost the report of minutes.
    _show(report, json.loads(lines[-1]) if as_json else None)
    if page is not None:
        write_backtest_page(page, report)
        print_progress(f"page: {page.resolve()}")
    if not report.methods:
        raise typer.Exit(1)


def _catalog(tenant: str, *, wanted: bool) -> AbstractContextManager[Path | None]:
    """The addresses of the images of the catalog, which the lake does not hold."""
    if not wanted:
        return nullcontext()
    from services.cli.interchange.catalog_file import catalog_file

    return catalog_file(tenant)


def _lake() -> dict[str, str | None]:
    from services.cli.files.paths import lake_settings

    settings = lake_settings()
    return {"--lake": settings.lake_uri, "--s3-endpoint": settings.s3_endpoint}


def _show(report: BacktestReport, as_json: object | None) -> None:
    if as_json is not None:
        print_json(as_json)
        return
    if report.methods:
        print_rows(method_rows(report))
        if report.off_policy.problem is None:
            print_rows(off_policy_rows(report))
    for text in remarks(report):
        print_line(text)
