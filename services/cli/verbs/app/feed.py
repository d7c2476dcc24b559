"""`preferstream feed`: show the latest ranked feeds, or follow new ones."""

import shlex
from collections.abc import Sequence
from typing import Annotated, Final

import typer

from services.cli.connection import connect, messaging_settings
from services.cli.output.console import fail, print_progress
from services.cli.program.interruption import interruptible
from services.cli.verbs.app.publish import show_feed
from shared.client import Client
from shared.domain.errors import Unavailable
from shared.domain.user import User
from shared.events import RankedFeed

NAMED_USERS: Final = 5
"""Users that an error message names."""


def feed(
    user: Annotated[str | None, typer.Option(help="Only this user's feeds.")] = None,
    request_id: Annotated[str | None, typer.Option(help="Only the feed for this request.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Only feeds of this tenant.")] = None,
    last: Annotated[int, typer.Option(min=1, help="Number of feeds to show.")] = 1,
    follow: Annotated[bool, typer.Option("--follow", help="Show new feeds until Ctrl-C.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print feeds as JSON lines.")] = False,
) -> None:
    """Show the latest ranked feeds, or follow new ones.

    Example: preferstream feed --user ada --follow
    """
    system = connect()

    def wanted(feed: RankedFeed) -> bool:
        return (
            user in (None, feed.user_id)
            and request_id in (None, feed.request_id)
            and tenant in (None, feed.tenant)
        )

    try:
        with Client(messaging_settings(system)) as app:
            if follow:
                print_progress("waiting for feeds; Ctrl-C stops")
                shown = 0
                with interruptible(lambda: f"{shown} feeds were shown"):
                    for ranked in filter(wanted, app.new_feeds()):
                        show_feed(ranked, as_json=as_json)
                        shown += 1
            feeds = app.feeds(wanted=wanted)
    except Unavailable as error:
        fail(error.detail)
    if not feeds:
        fail("there is no such feed yet; send candidates with `preferstream publish`")
    users = dict.fromkeys(User(feed.tenant, feed.user_id) for feed in feeds)
    if len(users) > 1 and (user is not None or request_id is not None):
        # Ids belong to a user and a tenant: the latest feed could be another user's.
        fail(several_users(list(users)))
    for ranked in feeds[-last:]:
        show_feed(ranked, as_json=as_json)


def several_users(users: Sequence[User]) -> str:
    """The error message for feeds of several users; it names the first of them."""
    named = "; ".join(
        f"--tenant {shlex.quote(user.tenant)} --user {shlex.quote(user.user_id)}"
        for user in users[:NAMED_USERS]
    )
    more = len(users) - NAMED_USERS
    rest = f"; and {more} more" if more > 0 else ""
    return f"{len(users)} users have such feeds; add one of: {named}{rest}"
