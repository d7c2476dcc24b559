"""`preferstream doctor`: show what is misconfigured or unreachable, and what to do."""

from typing import Annotated

import typer

from services.cli.doctor.check_result import CheckResult
from services.cli.output.console import FAILURE, print_json, print_rows
from services.cli.output.listing import Column, Listing


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON.")] = False,
) -> None:
    """Check everything that Preferstream needs, and say how to correct what is wrong.

    Example: preferstream doctor
    """
    # Imported here: the checks import every part of the system.
    from services.cli.doctor.checks import run_checks

    results = run_checks()
    healthy = all(result.ok for result in results)
    if as_json:
        print_json({"ok": healthy, "checks": [result.__dict__ for result in results]})
    else:
        print_rows(check_rows(results))
    if not healthy:
        raise typer.Exit(FAILURE)


def check_rows(results: list[CheckResult]) -> Listing:
    """One row per check."""
    columns = (
        Column("state"), Column("check", "id"), Column("result", "text"),
        Column("what to do", "text"),
    )  # fmt: skip
    rows = [
        (
            ("ok", "green") if result.ok else ("wrong", "red"),
            result.name,
            "; ".join(result.detail.splitlines()),
            result.advice,
        )
        for result in results
    ]
    return Listing(columns, rows)
