"""Pages continue a feed: bound to its user and conditions, also after a redelivery."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.errors import Unavailable, Unprocessable
from shared.domain.images.image_key import ImageKey
from shared.domain.user import User
from shared.events import RankedFeed
from shared.store.sessions.pages import LIFETIME, ServedPage
from tests.unit.services.assessor.assessor import Assessor, image_ids
from tests.unit.services.assessor.paging.pages import all_pages, ids_of, page_request
from tests.unit.services.assessor.retrieval.catalog import publish, publish_colors, with_catalog
from tests.unit.services.assessor.test_erasure import erase, feeds
from tests.unit.services.assessor.users import NOW, color_taste

COLORS = ("red", "green", "blue", "yellow")


@pytest.fixture
async def assessor() -> Assessor:
    """An assessor with twelve images, and Ana with a taste."""
    assessor = with_catalog()
    await publish_colors(assessor, COLORS * 3)
    await assessor.store_profile_of_ana()
    return assessor


async def test_pages_show_every_image_once_and_the_last_has_no_cursor(assessor: Assessor) -> None:
    pages = await all_pages(assessor, top_k=5, limit=8)
    assert [len(feed.items) for feed in pages] == [5, 5, 2]
    assert len(set(ids_of(pages))) == 12
    assert image_ids(pages[0])[0].startswith("red")


async def test_a_filter_and_an_example_hold_for_all_pages(assessor: Assessor) -> None:
    for number in range(5):
        await publish(assessor, f"tagged-{number}", "red", tags=("x",))
    wanted: dict[str, Any] = {"filter": {"tags_any": ["x"]}, "similar_to": "tagged-0"}
    pages = await all_pages(assessor, limit=2, first=wanted)
    assert sorted(ids_of(pages)) == [f"tagged-{number}" for number in range(1, 5)]
    assert len(pages) == 2


async def test_a_feed_without_further_images_has_no_cursor(assessor: Assessor) -> None:
    assert (await assessor.feed(page_request(limit=12))).next_cursor is None
    empty = await assessor.feed(page_request(filter={"tags_any": ["none"]}))
    assert (empty.items, empty.next_cursor) == ((), None)
    unknown = await assessor.feed(page_request(similar_to="unknown"))
    assert (unknown.items, unknown.next_cursor) == ((), None)


def edited(cursor: str) -> str:
    return cursor[:9] + ("A" if cursor[9] != "A" else "B") + cursor[10:]


@pytest.mark.parametrize(
    ("reason", "change", "sender"),
    [
        ("unknown_cursor", lambda cursor: "x", {}),
        ("unknown_cursor", edited, {}),
        ("cursor_of_another_user", str, {"user_id": "bo"}),
        ("cursor_of_another_user", str, {"tenant": "elsewhere"}),
    ],
)
async def test_a_bad_cursor_gives_a_feed_without_catalog_images_and_the_reason(
    assessor: Assessor, reason: str, change: Callable[[str], str], sender: dict[str, str]
) -> None:
    first = await assessor.feed(page_request(limit=3))
    assert first.next_cursor is not None
    feed = await assessor.feed(page_request("white", cursor=change(first.next_cursor), **sender))
    assert image_ids(feed) == ["white"]
    assert feed.next_cursor is None
    assert (feed.degraded_reason or "").startswith(f"{reason}: ")
    assert "request a feed without a cursor" in (feed.degraded_reason or "")


async def test_a_cursor_of_an_ended_or_erased_feed_says_so(assessor: Assessor) -> None:
    first = await assessor.feed(page_request(limit=3))
    assert first.next_cursor is not None
    await assessor.sessions.remove(User("default", "ana"))
    feed = await assessor.feed(page_request(cursor=first.next_cursor))
    assert (feed.status, feed.items) == ("degraded", ())
    assert (feed.degraded_reason or "").startswith("expired_cursor: ")

    again = await assessor.feed(page_request(limit=3))
    assessor.time = NOW + LIFETIME
    assert again.next_cursor is not None
    late = await assessor.feed(page_request(cursor=again.next_cursor))
    assert "has ended at 2026-02-01T09:30:00" in (late.degraded_reason or "")


async def test_a_redelivered_page_is_the_same_and_loses_nothing(assessor: Assessor) -> None:
    first = await assessor.feed(page_request(limit=4))
    wanted = page_request(limit=4, cursor=first.next_cursor)
    page = await assessor.feed(wanted)
    # The service ends before the commit, and new images arrive before Kafka delivers it again.
    for number in range(5):
        await publish(assessor, f"new-{number}", "red")
    assessor.service = assessor.new_service()
    again = await assessor.feed(wanted)
    assert again is not page
    assert again.items == page.items
    assert page.policy is not None
    assert page.policy.retrieval is not None
    assert again.policy == page.policy
    rest = await all_pages(assessor, limit=4, cursor=again.next_cursor)
    assert len(ids_of([first, page, *rest])) == len(set(ids_of([first, page, *rest]))) == 17


async def test_a_redelivered_page_leaves_out_what_was_removed_meanwhile(
    assessor: Assessor,
) -> None:
    wanted = page_request(limit=4)
    page = await assessor.feed(wanted)
    gone = image_ids(page)[0]
    assert assessor.catalogs is not None
    await assessor.catalogs.current.remove([ImageKey("default", gone)])
    assessor.service = assessor.new_service()
    assert image_ids(await assessor.feed(wanted)) == image_ids(page)[1:]


async def test_a_redelivered_page_of_a_longer_shortlist_is_identical(assessor: Assessor) -> None:
    wanted = page_request(limit=12, top_k=3)
    page = await assessor.feed(wanted)
    assessor.service = assessor.new_service()
    again = await assessor.feed(wanted)
    assert again.items == page.items
    assert again.policy == page.policy
    assert again.event_id == page.event_id
    rest = await all_pages(assessor, limit=12, top_k=3, cursor=again.next_cursor)
    assert len(ids_of([again, *rest])) == len(set(ids_of([again, *rest]))) == 12


async def test_a_redelivered_page_that_shows_other_images_repeats_none_of_them(
    assessor: Assessor,
) -> None:
    wanted = page_request(limit=12, top_k=3)
    page = await assessor.feed(wanted)
    other_taste = color_taste(liked=("blue",), disliked=("red",))
    await assessor.store_profile_of_ana(taste=other_taste, version=4)
    assessor.service = assessor.new_service()
    again = await assessor.feed(wanted)
    assert image_ids(again) != image_ids(page)
    rest = await all_pages(assessor, limit=12, top_k=3, cursor=again.next_cursor)
    assert not {*ids_of(rest)} & {*ids_of([page, again])}


async def test_a_redelivered_page_leaves_out_what_is_not_available_any_more(
    assessor: Assessor,
) -> None:
    end = NOW + timedelta(minutes=1)
    await publish(assessor, "brief", "red", available_until=end)
    wanted = page_request(limit=13)
    assert "brief" in image_ids(await assessor.feed(wanted))
    assessor.time = end
    assessor.service = assessor.new_service()
    assert "brief" not in image_ids(await assessor.feed(wanted))


async def test_one_cursor_used_twice_at_the_same_time_gives_the_page_twice(
    assessor: Assessor,
) -> None:
    first = await assessor.feed(page_request(limit=4))
    requests = [page_request(limit=4, cursor=first.next_cursor) for _ in range(2)]
    await asyncio.gather(*(assessor.rank(wanted) for wanted in requests))
    pages = [event for event in assessor.publisher.events[-2:] if isinstance(event, RankedFeed)]
    for page in pages:
        rest = await all_pages(assessor, limit=4, cursor=page.next_cursor)
        served = ids_of([first, page, *rest])
        assert len(served) == len(set(served)) == 12


async def test_a_listed_image_is_not_shown_again_by_a_later_page(assessor: Assessor) -> None:
    await publish(assessor, "white", "white")
    first = await assessor.feed(page_request("white", limit=3))
    assert "white" in image_ids(first)
    rest = await all_pages(assessor, limit=3, cursor=first.next_cursor)
    assert len(ids_of([first, *rest])) == len(set(ids_of([first, *rest]))) == 13
    again = await assessor.feed(page_request("white", limit=3, cursor=first.next_cursor))
    assert "white" not in image_ids(again)
    rejected = {item.image_id: item.reason for item in again.rejected}
    assert rejected["white"].startswith("already_served: ")


async def test_an_image_that_cannot_be_loaded_is_rejected_by_one_page(assessor: Assessor) -> None:
    await publish(assessor, "gone", "white")
    assessor.image_loader.refused["drawing:white"] = Unprocessable("http_404", "gone")
    pages = await all_pages(assessor, limit=3)
    assert len(ids_of(pages)) == 12
    assert [item.image_id for feed in pages for item in feed.rejected] == ["gone"]


async def test_an_image_that_is_not_indexed_yet_keeps_the_feed_open(assessor: Assessor) -> None:
    await publish(assessor, "later", "red", index=False)
    pages = [await assessor.feed(page_request(limit=12))]
    for _ in range(2):
        assert pages[-1].next_cursor is not None
        pages.append(await assessor.feed(page_request(cursor=pages[-1].next_cursor)))
    assert [len(feed.items) for feed in pages] == [12, 0, 0]
    await publish(assessor, "later", "red")
    last = await assessor.feed(page_request(cursor=pages[-1].next_cursor))
    assert (image_ids(last), last.next_cursor) == (["later"], None)


async def test_an_image_becomes_available_between_pages(assessor: Assessor) -> None:
    await publish(assessor, "soon", "red", available_from=NOW + timedelta(minutes=1))
    first = await assessor.feed(page_request(limit=6))
    assessor.time = NOW + timedelta(minutes=2)
    rest = await all_pages(assessor, limit=6, cursor=first.next_cursor)
    assert ids_of(rest).count("soon") == 1


async def test_an_outage_of_the_sessions_makes_a_request_wait(assessor: Assessor) -> None:
    assessor.sessions.unavailable = "down"
    with pytest.raises(Unavailable):
        await assessor.rank(page_request())
    feed = await assessor.feed(page_request("white"))
    assert image_ids(feed) == ["white"]
    assert "catalog" in (feed.degraded_reason or "")


async def test_a_user_who_is_erased_while_a_page_is_stored_gets_no_feed_and_leaves_no_page(
    assessor: Assessor,
) -> None:
    await assessor.feed(page_request(limit=3))
    put = assessor.sessions.put

    async def put_during_an_erasure(page: ServedPage) -> None:
        receipt = await erase(assessor)
        assert (receipt.removed["feed_pages"], receipt.remaining["feed_pages"]) == (1, 0)
        await put(page)

    assessor.sessions.put = put_during_an_erasure  # type: ignore[method-assign]
    await assessor.rank(page_request(limit=3))
    assert len(feeds(assessor)) == 1
    assert assessor.sessions.pages == {}
