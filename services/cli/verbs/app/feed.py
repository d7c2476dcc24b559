"""`preferstream feed`: make a feed from the catalog, or show the latest ranked feeds."""

import shlex
from collections.abc import Sequence
from typing import Annotated, Final

import typer
from pydantic import ValidationError

from services.cli.connection import connect, messaging_settings
from services.cli.output.console import fail, print_line, print_progress, wrong_use
from services.cli.program.interruption import interruptible
from services.cli.verbs.app.publish import show_feed
from shared.client import Client, NoAnswer, feed_request
from shared.domain.errors import Unavailable
from shared.domain.user import User
from shared.events import DEFAULT_TENANT, ImageCandidates, RankedFeed
from shared.events.types.catalog import DEFAULT_SHORTLIST, MAX_SHORTLIST
from shared.events.wire.validation_problems import describe_problems

PAGE: Final = 20
"""Images in a feed without `--limit`."""
NAMED_USERS: Final = 5
"""Users that an error message names."""


def feed(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[USER]", help="User for whom a feed of catalog images is made."),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=MAX_SHORTLIST,
            help="With USER: images in the feed. Default: 20, or those of the page before.",
        ),
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(help="With USER: only images with one of these tags; can be repeated."),
    ] = None,
    similar_to: Annotated[
        str | None, typer.Option(help="With USER: images that resemble this image of the catalog.")
    ] = None,
    next_page: Annotated[
        bool, typer.Option("--next", help="With USER: the next page of the user's latest feed.")
    ] = False,
    wait: Annotated[
        float, typer.Option(min=1, help="With USER: timeout for the feed in seconds.")
    ] = 60.0,
    user: Annotated[str | None, typer.Option(help="Only this user's feeds.")] = None,
    request_id: Annotated[str | None, typer.Option(help="Only the feed for this request.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Only feeds of this tenant.")] = None,
    last: Annotated[int, typer.Option(min=1, help="Number of feeds to show.")] = 1,
    follow: Annotated[bool, typer.Option("--follow", help="Show new feeds until Ctrl-C.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print feeds as JSON lines.")] = False,
) -> None:
    """Make a feed for USER from the catalog; without USER, show the latest ranked feeds.

    Example: preferstream feed ada --tag landscape, or preferstream feed --user ada --follow
    """
    if name is None:
        if tag or similar_to or next_page:
            wrong_use("--tag, --similar-to and --next need a user: preferstream feed USER ...")
        _show(user, request_id, tenant, last=last, follow=follow, as_json=as_json)
        return
    if user is not None or request_id is not None or follow or last != 1:
        wrong_use("--user, --request-id, --last and --follow show feeds that exist; leave USER out")
    if next_page and (tag or similar_to):
        wrong_use("--next continues a feed with its own conditions; leave out --tag, --similar-to")
    _make(
        name, tenant or DEFAULT_TENANT, limit=limit, tags=tag or (), similar_to=similar_to,
        next_page=next_page, seconds=wait, as_json=as_json,
    )  # fmt: skip


def _make(
    user_id: str, tenant: str, *, limit: int | None, tags: Sequence[str], similar_to: str | None,
    next_page: bool, seconds: float, as_json: bool,
) -> None:  # fmt: skip
    try:
        with (
            interruptible(lambda: "the feed may still come; `preferstream feed` shows it"),
            Client(messaging_settings(connect()), tenant=tenant) as app,
        ):
            if next_page:
                page = _latest_page(app, User(tenant, user_id))
                event = request_for_next(page, limit=limit)
            else:
                event = request_for(
                    user_id, tenant, limit=limit or PAGE, tags=tags, similar_to=similar_to
                )
            ranked = next(iter(app.answers([event], seconds=seconds)), None)
            if ranked is None:
                raise NoAnswer(event.request_id, seconds=seconds)
    except ValidationError as error:
        wrong_use(describe_problems(error))
    except (Unavailable, NoAnswer) as error:
        fail(error.detail if isinstance(error, Unavailable) else str(error))
    show_feed(ranked, as_json=as_json)
    if not as_json and not ranked.items:
        print_line("no image of the catalog matches; `preferstream catalog list` shows what it has")
    elif not as_json and ranked.next_cursor:
        print_progress(f"the next page: preferstream feed {shlex.quote(user_id)} --next")


def request_for(
    user_id: str, tenant: str, *, limit: int, tags: Sequence[str] = (),
    similar_to: str | None = None,
) -> ImageCandidates:  # fmt: skip
    """The request for the first page of a feed, of `limit` images; raises `ValidationError`.

    More images are found and ranked than are shown: the next page continues with the others. With
    `similar_to` only the images that are shown are found: of more, the ranking by taste would
    choose others than the most similar ones.
    """
    wanted = {"filter": {"tags_any": list(tags)}} if tags else {}
    return feed_request(
        user_id, tenant=tenant, limit=_shortlist(limit, similar=similar_to is not None),
        top_k=limit, similar_to=similar_to, **wanted,
    )  # fmt: skip


def request_for_next(page: RankedFeed, *, limit: int | None) -> ImageCandidates:
    """The request for the page after `page`; without `limit`, with as many images as `page`."""
    shown = limit or len(page.items) or PAGE
    similar = any(item.source == "similar" for item in page.items)
    return feed_request(
        page.user_id, tenant=page.tenant, limit=_shortlist(shown, similar=similar), top_k=shown,
        cursor=page.next_cursor,
    )  # fmt: skip


def _shortlist(shown: int, *, similar: bool) -> int:
    return shown if similar else max(shown, DEFAULT_SHORTLIST)


def _latest_page(app: Client, user: User) -> RankedFeed:
    """The user's latest feed of the catalog; it has a next page."""
    feeds = app.feeds(
        wanted=lambda feed: (
            User(feed.tenant, feed.user_id) == user
            and feed.policy is not None
            and feed.policy.retrieval is not None
        )
    )
    if not feeds:
        fail("this user has no feed from the catalog yet; leave out --next")
    if feeds[-1].next_cursor is None:
        fail("the user's latest feed has no next page: all images that match were shown")
    return feeds[-1]


def _show(
    user: str | None, request_id: str | None, tenant: str | None, *, last: int, follow: bool,
    as_json: bool,
) -> None:  # fmt: skip
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
