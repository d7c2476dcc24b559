"""`preferstream rules check FILE`: check a rules file of a shop before it is used."""

from pathlib import Path
from typing import Annotated

import typer

from services.cli.output.console import fail, print_json, print_line

app = typer.Typer(help="Rules of a shop: pins, caps and boosts.", no_args_is_help=True)


@app.callback()
def rules() -> None:
    """Make `rules` a group of commands."""


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="TOML file with the rules of each tenant.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON.")] = False,
) -> None:
    """Check a rules file, and name the line and the field of each error.

    Example: preferstream rules check rules.toml
    """
    from services.assessor.rules.policy_file import InvalidRules, read_rules
    from services.cli.doctor.rules_check import summary

    try:
        parsed = read_rules(file)
    except InvalidRules as error:
        if as_json:
            print_json({"ok": False, "errors": str(error).splitlines()})
            raise typer.Exit(1) from None
        fail(str(error))
    if as_json:
        print_json(
            {
                "ok": True,
                "version": parsed.policy.version,
                "digest": parsed.digest,
                "tenants": {
                    tenant: list(of_tenant.names)
                    for tenant, of_tenant in parsed.policy.tenants.items()
                },
            }
        )
        return
    print_line(f"{file} is valid: {summary(parsed)}")
