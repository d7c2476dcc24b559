"""`preferstream profile`: read a taste profile."""

from typing import Annotated

import typer

from services.cli import tables
from services.cli.connection import connect
from services.cli.console import fail, out, print_json
from shared.client import Client
from shared.errors import Unavailable
from shared.events import DEFAULT_TENANT

app = typer.Typer(help="Read a taste profile.", no_args_is_help=True)


@app.callback()
def _profile() -> None:
    """Read a taste profile."""


@app.command()
def show(
    user: Annotated[str, typer.Argument(help="Whose profile.")],
    tenant: Annotated[str, typer.Option(help="Of which tenant.")] = DEFAULT_TENANT,
    as_json: Annotated[bool, typer.Option("--json", help="The whole event as JSON.")] = False,
) -> None:
    """Show what a user likes and does not, as it now stands.

    Example: preferstream profile show ada
    """
    system = connect()
    try:
        with Client(system.kafka, tenant=tenant) as app:
            latest = app.profile(user)
    except Unavailable as error:
        fail(error.detail)
    if latest is None:
        fail(f"{user} has no profile; send likes with `preferstream feedback reference_like`")
    if as_json:
        print_json(latest.model_dump(mode="json"))
        return
    seen = latest.evidence
    title = f"{user}, version {latest.profile_version}: {seen.liked} liked, {seen.disliked} not"
    out.print(tables.taste_table(tables.taste_of(latest), title=title))
