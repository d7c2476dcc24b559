"""`preferstream doctor`: what is misconfigured or unreachable, and what to do."""

from typing import Annotated

import typer
from rich.table import Table

from services.cli.output.console import FAILURE, out, print_json


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="The findings as one line.")] = False,
) -> None:
    """Look at everything Preferstream needs, and say what to do about what is wrong.

    Example: preferstream doctor
    """
    # Here, not above: it imports every part that it looks at.
    from services.cli.doctor.checks import run_checks

    findings = run_checks()
    healthy = all(finding.ok for finding in findings)
    if as_json:
        print_json({"ok": healthy, "findings": [finding.__dict__ for finding in findings]})
    else:
        table = Table("", "part", "found", "what to do")
        for finding in findings:
            mark = "[green]ok[/]" if finding.ok else "[red]wrong[/]"
            table.add_row(mark, finding.part, finding.found, finding.advice)
        out.print(table)
    if not healthy:
        raise typer.Exit(FAILURE)
