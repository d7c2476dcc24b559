"""`preferstream profile`: read a taste profile."""

from collections.abc import Iterable
from typing import Annotated

import typer

from services.cli import tables
from services.cli.connection import connect
from services.cli.console import fail, out, print_json
from services.cli.kafka import events_of, reading
from shared.errors import Unavailable
from shared.events import DEFAULT_TENANT, ProfileUpdated
from shared.events.base import record_key
from shared.events.record import Record
from shared.events.topics import PROFILES

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
        with reading(system.kafka, PROFILES, from_beginning=True) as profiles:
            latest = latest_of(profiles.records_so_far(), tenant=tenant, user_id=user)
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


def latest_of(records: Iterable[Record], *, tenant: str, user_id: str) -> ProfileUpdated | None:
    """The user's profile as the topic has it; None when there is none or it was erased."""
    key = record_key(tenant=tenant, user_id=user_id).encode()
    own = [record for record in records if record.key == key]
    if not own or own[-1].value is None:
        return None
    return max(events_of(own, ProfileUpdated), key=lambda e: e.profile_version, default=None)
