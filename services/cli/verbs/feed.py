"""`preferstream feed`: read ranked feeds, those there are or those that come."""

from typing import Annotated

import typer

from services.cli.connection import connect
from services.cli.console import fail, say
from services.cli.kafka import reading
from services.cli.verbs.publish import show_feed
from shared.errors import Unavailable
from shared.events import RankedFeed
from shared.events.topics import FEEDS


def feed(
    user: Annotated[str | None, typer.Option(help="Only this user's feeds.")] = None,
    request_id: Annotated[str | None, typer.Option(help="Only the answer to this.")] = None,
    last: Annotated[int, typer.Option(min=1, help="How many of the latest to show.")] = 1,
    follow: Annotated[bool, typer.Option("--follow", help="Wait for more, until Ctrl-C.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Feeds as JSON lines.")] = False,
) -> None:
    """Show the latest ranked feeds, or follow them as they come.

    Example: preferstream feed --user ada --follow
    """
    system = connect()

    def wanted(event: object) -> bool:
        return (
            isinstance(event, RankedFeed)
            and user in (None, event.user_id)
            and request_id in (None, event.request_id)
        )

    try:
        with reading(system.kafka, FEEDS, from_beginning=not follow) as feeds:
            if follow:
                say("waiting for feeds; Ctrl-C ends")
                for event in feeds.events(until=lambda: False):
                    if wanted(event) and isinstance(event, RankedFeed):
                        show_feed(event, as_json=as_json)
                return
            found = [e for e in feeds.events_so_far() if wanted(e) and isinstance(e, RankedFeed)]
    except Unavailable as error:
        fail(error.detail)
    if not found:
        fail("no such feed yet; send candidates with `preferstream publish`")
    for event in sorted(found, key=lambda f: f.occurred_at)[-last:]:
        show_feed(event, as_json=as_json)
