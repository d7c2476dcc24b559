"""Over random catalogs that change between pages, each image comes once: also when redelivered."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.domain.images.image_key import ImageKey
from shared.events import RankedFeed
from shared.store.catalog.images import IndexFailure
from tests.fakes.model import COLORS
from tests.unit.services.assessor.assessor import Assessor, image_ids
from tests.unit.services.assessor.paging.pages import page_request
from tests.unit.services.assessor.retrieval.catalog import publish, with_catalog
from tests.unit.services.assessor.users import NOW

NUMBERS = st.integers(0, 29)
"""Images by number: few enough that changes hit images of the catalog."""
SIZES = st.integers(1, 9)
PAST, FUTURE = NOW - timedelta(days=1), NOW + timedelta(days=1)


@dataclass(frozen=True)
class Page:
    """A request for a page, and the changes of the catalog after it."""

    limit: int
    top_k: int
    delivered_again: bool
    """Kafka delivers the request again to another instance, after the changes."""
    sent_twice: bool
    """Another request with the same cursor is in work at the same time."""
    listed: tuple[int, ...]
    """Images that the request lists itself."""
    changes: tuple[tuple[str, int], ...]


CHANGES = st.tuples(
    st.sampled_from(["add", "add unindexed", "index", "remove", "end", "begin", "fail"]), NUMBERS
)
PAGES = st.lists(
    st.builds(
        Page,
        limit=SIZES,
        top_k=SIZES,
        delivered_again=st.booleans(),
        sent_twice=st.booleans(),
        listed=st.lists(NUMBERS, max_size=2, unique=True).map(tuple),
        changes=st.lists(CHANGES, max_size=3).map(tuple),
    ),
    min_size=1,
    max_size=8,
)
LAST_PAGE = Page(7, 5, False, False, (), ())


@dataclass
class Shop:
    """An app that changes its catalog, and what must be true of its images."""

    assessor: Assessor
    changed: set[str] = field(default_factory=set)
    """Images that were not available and in the catalog for the whole time."""
    waiting: set[str] = field(default_factory=set)

    async def change(self, kind: str, number: int) -> None:
        image_id, color = f"i{number}", COLORS[number % 5]
        assert self.assessor.catalogs is not None
        catalog, key = self.assessor.catalogs.current, ImageKey("default", image_id)
        is_stored = bool(await catalog.get([key]))
        if kind == "index":
            if image_id in self.waiting:
                self.waiting.discard(image_id)
                await publish(self.assessor, image_id, color)
            return
        if kind == "fail":
            if image_id in self.waiting:
                failure = IndexFailure(
                    uri=f"drawing:{color}", reason="http_404", detail="gone", failed_at=NOW
                )
                await catalog.fail({key: failure})
                self.changed.add(image_id)
                self.waiting.discard(image_id)
            return
        if kind.startswith("add") and is_stored:
            return
        self.changed.add(image_id)
        self.waiting.discard(image_id)
        if kind == "remove":
            await catalog.remove([key])
            return
        times: dict[str, Any] = {
            "end": {"available_until": PAST},
            "begin": {"available_from": FUTURE},
        }
        await publish(
            self.assessor, image_id, color, index=kind != "add unindexed", **times.get(kind, {})
        )
        if kind == "add unindexed":
            self.waiting.add(image_id)

    async def index_all(self) -> None:
        for image_id in sorted(self.waiting):
            await self.change("index", int(image_id[1:]))


async def pages_of(shop: Shop, pages: list[Page]) -> list[RankedFeed]:
    """The pages of one feed, to its end."""
    assessor = shop.assessor
    feeds: list[RankedFeed] = []
    cursor: str | None = None
    plan = iter(pages)
    while True:
        page = next(plan, None)
        if page is None:
            # The catalog changes no more: what waits is indexed, and the feed comes to its end.
            await shop.index_all()
            page = LAST_PAGE
        wanted = page_request(
            cursor=cursor, limit=page.limit, top_k=page.top_k, explain="none",
            candidates=[
                {"image_id": f"i{number}", "uri": f"drawing:{COLORS[number % 5]}"}
                for number in page.listed
            ],
        )  # fmt: skip
        other = page_request(cursor=cursor, limit=page.top_k)
        before = len(assessor.publisher.events)
        await asyncio.gather(
            assessor.rank(wanted), *([assessor.rank(other)] if page.sent_twice else [])
        )
        [feed] = [
            event
            for event in assessor.publisher.events[before:]
            if isinstance(event, RankedFeed) and event.request_id == wanted.request_id
        ]
        feeds.append(feed)
        for kind, number in page.changes:
            await shop.change(kind, number)
        if page.delivered_again:
            assessor.service = assessor.new_service()
            again = await assessor.feed(wanted)
            assert set(image_ids(again)) <= set(image_ids(feed))
            missing = set(image_ids(feed)) - set(image_ids(again))
            assert missing <= shop.changed
            if again.next_cursor is not None and feed.next_cursor is not None:
                feed = replace_cursor(feed, again)
        if feed.next_cursor is None:
            return feeds
        cursor = feed.next_cursor
        assert len(feeds) < 200, "the feed has no last page"


def replace_cursor(feed: RankedFeed, again: RankedFeed) -> RankedFeed:
    """The app keeps the latest feed of an id."""
    return feed.model_copy(update={"next_cursor": again.next_cursor})


async def check(initial: list[int], unindexed: list[int], pages: list[Page]) -> None:
    shop = Shop(with_catalog())
    for number in initial:
        await shop.change("add unindexed" if number in unindexed else "add", number)
    shop.changed.clear()
    at_first = {f"i{number}" for number in initial}
    try:
        await shop.assessor.store_profile_of_ana()
        feeds = await pages_of(shop, pages)
    finally:
        await shop.assessor.background_description.stop()
    shown = [image_id for feed in feeds for image_id in image_ids(feed)]
    assert len(shown) == len(set(shown)), "an image came twice"
    missed = at_first - shop.changed - set(shown)
    assert not missed, "images that were there all the time came on no page"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    initial=st.lists(NUMBERS, unique=True, max_size=25),
    unindexed=st.lists(NUMBERS, unique=True, max_size=8),
    pages=PAGES,
)
def test_no_image_comes_twice_and_none_is_missed(
    initial: list[int], unindexed: list[int], pages: list[Page]
) -> None:
    asyncio.run(check(initial, unindexed, pages))


async def test_many_pages_of_one_image_each_reach_the_whole_catalog() -> None:
    """More pages than one stored list of images holds."""
    shop = Shop(with_catalog())
    for number in range(600):
        await publish(shop.assessor, f"i{number}", COLORS[number % 5])
    await shop.assessor.store_profile_of_ana()
    page = replace(LAST_PAGE, limit=40, top_k=40)
    feeds = await pages_of(shop, [page] * 20)
    await shop.assessor.background_description.stop()
    shown = [image_id for feed in feeds for image_id in image_ids(feed)]
    assert len(shown) == len(set(shown)) == 600
