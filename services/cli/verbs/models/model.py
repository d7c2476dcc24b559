"""`preferstream model`: check whether a checkpoint or a model server can be used."""

import asyncio
import logging
import time
from pathlib import Path
from typing import Annotated

import typer

from services.cli.output.console import FAILURE, fail, print_json, print_progress, print_rows
from services.cli.output.listing import Column, Listing
from shared.settings import from_environment
from shared.vlm.settings import ModelSettings

app = typer.Typer(help="Check a model before it serves.", no_args_is_help=True)
COLORS = {"ok": "green", "note": "yellow", "wrong": "red"}


@app.callback()
def _model() -> None:
    """Check a model before it serves."""


@app.command()
def check(
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="FOLDER or URL",
            help="A checkpoint, or the address of a server; default: the model of the settings.",
        ),
    ] = None,
    price_per_hour: Annotated[
        float | None,
        typer.Option(min=0, help="Price of the machine per hour, to estimate the cost."),
    ] = None,
    page: Annotated[
        Path | None, typer.Option(help="Also write the report as an HTML file.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON.")] = False,
) -> None:
    """Check a checkpoint or a server: files, answers, sight, consistency, speed.

    Exits with 1 when the model cannot be used.

    Example: preferstream model check http://localhost:8000
    """
    # Imported here: the engine takes seconds.
    from services.cli.doctor.model_check.finding import is_usable
    from services.cli.doctor.model_check.page import findings_page
    from services.cli.doctor.model_check.run import run_model_checks

    settings = _settings(target)
    name = settings.model_server or str(settings.model or "the shipped model")
    began = time.monotonic()
    logging.getLogger("shared.vlm").setLevel(logging.ERROR)
    findings = asyncio.run(
        run_model_checks(
            settings,
            price_per_hour=price_per_hour,
            on_progress=(lambda _: None) if as_json else print_progress,
        )
    )
    usable = is_usable(findings)
    verdict = f"{name} can {'' if usable else 'not '}be used"
    if page is not None:
        html = findings_page(name, findings, verdict=verdict, usable=usable)
        page.write_text(html, encoding="utf-8")
    if as_json:
        checks = [finding.as_dict() for finding in findings]
        seconds = round(time.monotonic() - began, 1)
        print_json({"model": name, "ok": usable, "seconds": seconds, "checks": checks})
    else:
        columns = (
            Column("state"), Column("check", "id"), Column("result", "text"),
            Column("what to do", "text"),
        )  # fmt: skip
        rows = [((f.state, COLORS[f.state]), f.name, f.detail, f.advice) for f in findings]
        print_rows(Listing(columns, rows))
        print_progress(verdict)
    if not usable:
        raise typer.Exit(FAILURE)


def _settings(target: str | None) -> ModelSettings:
    """The settings, with the target in place of their model."""
    settings = from_environment(ModelSettings)
    if target is None:
        return settings
    if target.startswith(("http://", "https://")):
        return ModelSettings(
            **{**settings.model_dump(exclude_unset=True), "model_server": target, "model": None}
        )
    folder = Path(target)
    if not folder.is_dir():
        fail(f"{target} is neither a folder nor an address; name a checkpoint's folder, or a server"
             " such as http://localhost:8000")  # fmt: skip
    return ModelSettings(
        **{**settings.model_dump(exclude_unset=True), "model_server": None, "model": folder}
    )
