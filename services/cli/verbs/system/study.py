"""`preferstream study`: take a blind test, in a browser or by a file of answers."""

import json
import webbrowser
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from services.cli.connection import connect
from services.cli.output.console import (
    fail,
    print_json,
    print_line,
    print_progress,
    print_rows,
    wrong_use,
)
from services.cli.output.listing import Column, Listing
from services.cli.output.wrapping import Id
from services.cli.program.interruption import interruptible
from services.cli.study.answers import BadAnswers, read_answers, take
from services.cli.study.dashboard import MAX_PICTURES, MIN_PICTURES, DashboardStudy, new_study
from services.ops.study.result import LABELS, check_export
from shared.domain.errors import Unavailable
from shared.files.atomic_write import atomic_write
from shared.images.picture_folder import picture_folder

INTERRUPTED = "the blind test was stopped before its end, and there is no result"


def study(
    folder: Annotated[
        Path | None,
        typer.Argument(help="Folder with your own pictures; without it, the samples."),
    ] = None,
    answers: Annotated[
        Path | None,
        typer.Option(help="JSON file with like, dislike and prefer; no browser is opened."),
    ] = None,
    check: Annotated[
        Path | None, typer.Option(help="Check an exported test: its hash and its shares.")
    ] = None,
    export: Annotated[
        Path | None, typer.Option(help="Write the result of --answers to this JSON file.")
    ] = None,
    browser: Annotated[
        bool, typer.Option(help="Open the page; without it, only print its address.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON.")] = False,
) -> None:
    """Test whether the system foresees which pictures you prefer, before you choose.

    Example: preferstream study pictures/
    """
    if check is not None:
        _check(check, as_json=as_json)
        return
    if export is not None and answers is None:
        wrong_use("--export needs --answers; the page has its own button for the export")
    files = _files(folder) if folder else []
    system = connect()
    if system.dashboard is None:
        fail("the address of the dashboard is not known; run this where `preferstream up` runs")
    try:
        script = read_answers(answers) if answers else None
        with (
            interruptible(lambda: INTERRUPTED),
            new_study(system.dashboard, own=bool(files)) as test,
        ):
            _add(test, files)
            if script is None:
                _open(test, browser=browser, as_json=as_json)
                return
            result = take(test, script, on_progress=print_progress)
            test.erase()
    except BadAnswers as error:
        wrong_use(str(error))
    except Unavailable as error:
        fail(error.detail)
    if export is not None:
        atomic_write(export, json.dumps(result, indent=1))
    if as_json:
        print_json(result)
    else:
        _show(result)


def _files(folder: Path) -> list[Path]:
    try:
        pictures = picture_folder(folder)
    except OSError as error:
        wrong_use(str(error))
    if left_out := pictures.left_out():
        print_progress(left_out)
    files = list(pictures.files)
    if len(files) < MIN_PICTURES:
        fail(f"{folder} has {len(files)} pictures; {MIN_PICTURES} are needed for a blind test")
    if len(files) > MAX_PICTURES:
        print_progress(f"{MAX_PICTURES} of {len(files)} pictures are used")
        step = len(files) / MAX_PICTURES
        files = [files[int(number * step)] for number in range(MAX_PICTURES)]
    return files


def _add(test: DashboardStudy, files: list[Path]) -> None:
    if not files:
        return
    print_progress(f"reading {len(files)} pictures")
    for sentence in test.add(files):
        print_progress(f"left out: {sentence}")


def _open(test: DashboardStudy, *, browser: bool, as_json: bool) -> None:
    if as_json:
        print_json({"page": test.address})
    else:
        print_line("take the blind test at ", Id(test.address))
    if browser:
        webbrowser.open(test.address)


def _check(file: Path, *, as_json: bool) -> None:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        wrong_use(f"{file} cannot be read: {error.strerror}")
    except ValueError as error:
        fail(f"{file} is not JSON: {error}")
    if reason := check_export(content):
        fail(f"{file}: {reason}")
    if as_json:
        print_json({"sha256": content["sha256"], "results": content["results"]})
        return
    _show(content)
    print_line("the predictions are those of the hash, and the shares are right")


def _show(result: Mapping[str, Any]) -> None:
    rows = [
        (
            LABELS[ranker],
            f"{share['foreseen']:.0%}",
            f"{share['interval'][0]:.0%} to {share['interval'][1]:.0%}",
            str(share["pairs"]),
        )
        for ranker, share in result["results"].items()
    ]
    columns = (
        Column("ranked by"),
        Column("foreseen", "number"),
        Column("95 % interval", "number"),
        Column("pairs", "number"),
    )
    print_rows(Listing(columns, rows, title=["Choices that were foreseen"]))
    print_line("SHA-256 of the predictions: ", Id(result["sha256"]))
