"""`preferstream feed` requests pages of the catalog, and names users when ids are not unique."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from services.cli.verbs.app.feed import request_for, request_for_next, several_users
from shared.domain.user import User
from shared.events import RankedFeed
from shared.events.types.feed import RankedItem


def page_of(*sources: Any) -> RankedFeed:
    """A page with one image of each source, and a next page."""
    items = tuple(
        RankedItem(
            image_id=f"i{n}", rank=n, score=None, elements=None, tier="popularity", source=source
        )
        for n, source in enumerate(sources, start=1)
    )
    return RankedFeed(
        event_id=uuid4(), occurred_at=datetime(2026, 1, 31, tzinfo=UTC), user_id="ada",
        tenant="shop", request_id="r-1", status="cold_start", items=items, profile_version=None,
        model_version="m", next_cursor="c",
    )  # fmt: skip


def test_a_feed_ranks_more_images_than_it_shows() -> None:
    event = request_for("ada", "shop", limit=5, tags=["sea"])
    assert (event.top_k, event.tenant) == (5, "shop")
    assert event.from_catalog is not None
    assert event.from_catalog.limit == 100
    assert event.from_catalog.filter.tags_any == ("sea",)


def test_a_feed_of_similar_images_shows_the_most_similar_ones_only() -> None:
    wanted = request_for("ada", "shop", limit=5, similar_to="a").from_catalog
    assert wanted is not None
    assert (wanted.limit, wanted.similar_to) == (5, "a")


def test_the_next_page_is_as_long_as_the_page_before() -> None:
    page = page_of("taste", "new", "popular")
    event = request_for_next(page, limit=None)
    assert (event.user_id, event.tenant, event.top_k) == ("ada", "shop", 3)
    assert event.from_catalog is not None
    assert (event.from_catalog.limit, event.from_catalog.cursor) == (100, "c")
    longer = request_for_next(page, limit=200)
    assert longer.from_catalog is not None
    assert (longer.top_k, longer.from_catalog.limit) == (200, 200)
    assert request_for_next(page_of(), limit=None).top_k == 20


def test_the_next_page_of_similar_images_has_the_most_similar_of_the_others() -> None:
    wanted = request_for_next(page_of("similar", "similar"), limit=None).from_catalog
    assert wanted is not None
    assert wanted.limit == 2


def test_the_message_names_the_options_of_each_user() -> None:
    message = several_users([User("default", "ada"), User("gallery", "O'Hara b")])
    assert message == (
        "2 users have such feeds; add one of: --tenant default --user ada;"
        " --tenant gallery --user 'O'\"'\"'Hara b'"
    )


def test_the_message_is_short_with_many_users() -> None:
    message = several_users([User("default", str(n)) for n in range(100)])
    assert message.endswith("--user 4; and 95 more")
