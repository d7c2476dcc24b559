"""`preferstream feed`: show the latest ranked feeds, or follow new ones."""

from typing import Annotated

import typer

from services.cli.connection import connect, messaging_settings
from services.cli.output.console import fail, print_progress
from services.cli.verbs.publish import show_feed
from shared.client import Client
from shared.domain.errors import Unavailable
from shared.events import RankedFeed


def feed(
    user: Annotated[str | None, typer.Option(help="Only this user's feeds.")] = None,
    request_id: Annotated[str | None, typer.Option(help="Only the feed for this request.")] = None,
    last: Annotated[int, typer.Option(min=1, help="Number of feeds to show.")] = 1,
    follow: Annotated[bool, typer.Option("--follow", help="Show new feeds until Ctrl-C.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print feeds as JSON lines.")] = False,
) -> None:
    """Show the latest ranked feeds, or follow new ones.

    Example: preferstream feed --user ada --follow
    """
    system = connect()

    def wanted(feed: RankedFeed) -> bool:
        return user in (None, feed.user_id) and request_id in (None, feed.request_id)

    try:
        with Client(messaging_settings(system)) as app:
            if follow:
                print_progress("waiting for feeds; Ctrl-C stops")
                for ranked in filter(wanted, app.new_feeds()):
                    show_feed(ranked, as_json=as_json)
            feeds = app.feeds(wanted=wanted)
    except Unavailable as error:
        fail(error.detail)
    if not feeds:
        fail("there is no such feed yet; send candidates with `preferstream publish`")
    for ranked in feeds[-last:]:
        show_feed(ranked, as_json=as_json)
