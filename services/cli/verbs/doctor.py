"""`preferstream doctor`: show what is misconfigured or unreachable, and what to do."""

from typing import Annotated

import typer
from rich.table import Table

from services.cli.output.console import FAILURE, out, print_json


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
        table = Table("", "check", "result", "what to do")
        for result in results:
            mark = "[green]ok[/]" if result.ok else "[red]wrong[/]"
            table.add_row(mark, result.name, result.detail, result.advice)
        out.print(table)
    if not healthy:
        raise typer.Exit(FAILURE)
