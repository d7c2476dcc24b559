"""Pages of feeds are stored for a day, within limits, and end with their user."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr
from qdrant_client import AsyncQdrantClient
from qdrant_client.http.models import PointStruct

from shared.domain.images.catalog_filter import CatalogFilter
from shared.domain.requests.page_cursor import BadCursor, PageCursor
from shared.domain.user import User
from shared.store.erasures import QdrantErasures
from shared.store.sessions.cursor_keys import Cursors
from shared.store.sessions.pages import (
    LIFETIME,
    FeedSessionStore,
    PageConditions,
    ServedImage,
    ServedPage,
)
from shared.store.sessions.qdrant_sessions import QdrantFeedSessions
from tests.contract.store.qdrants import QDRANT_KINDS, opened_qdrant
from tests.fakes.stores.sessions import InMemorySessions

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
ANA, BO = User("default", "ana-lovelace"), User("default", "bo")
BIRDS = PageConditions(filter=CatalogFilter(tags_any=("bird",)), similar_to="owl")


@pytest.fixture(params=["in memory", *QDRANT_KINDS])
async def sessions(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[FeedSessionStore]:
    if request.param == "in memory":
        yield InMemorySessions()
        return
    async with opened_qdrant(request.param, tmp_path) as client:
        in_store = QdrantFeedSessions(client)
        await in_store.prepare()
        yield in_store


def page(user: User, *ids: str, started_at: datetime = NOW) -> ServedPage:
    first = ServedPage.first(user, uuid4(), BIRDS, started_at=started_at)
    images = [ServedImage(image_id=i, source="new", propensity=0.5) for i in ids]
    return first.with_results(images, shares={"new": 1.0}, served_ids=ids)


async def test_a_page_is_read_back_and_ends_with_its_user_or_after_a_day(
    sessions: FeedSessionStore,
) -> None:
    anas, bos, old = page(ANA, "a", "b"), page(BO, "a"), page(BO, started_at=NOW - LIFETIME)
    for one_page in (anas, bos, old, bos):
        await sessions.put(one_page)
    assert await sessions.get([anas.page_id, uuid4()]) == {anas.page_id: anas}
    assert (await sessions.remove(ANA), await sessions.remove(ANA)) == (1, 0)
    assert await sessions.clean(now=NOW) == 1
    assert set(await sessions.get([anas.page_id, bos.page_id, old.page_id])) == {bos.page_id}
    await sessions.discard(bos.page_id)
    assert await sessions.get([bos.page_id]) == {}


async def test_the_oldest_pages_are_removed_beyond_the_limits(client: AsyncQdrantClient) -> None:
    sessions = QdrantFeedSessions(client, max_pages=3, max_pages_of_user=2)
    await sessions.prepare()
    ages = {"ana": (1, 2, 3), "bo": (4, 5), "cy": (6,)}
    ids: dict[int, UUID] = {}
    for user_id, minutes in ages.items():
        for age in minutes:
            stored = page(User("default", user_id), started_at=NOW - timedelta(minutes=age))
            ids[age] = stored.page_id
            await sessions.put(stored)
    assert await sessions.clean(now=NOW) == 3
    assert set(await sessions.get(list(ids.values()))) == {ids[1], ids[2], ids[4]}


async def test_the_search_of_an_erasure_reaches_the_pages(client: AsyncQdrantClient) -> None:
    sessions, erasures = QdrantFeedSessions(client), QdrantErasures(client)
    await sessions.prepare()
    await erasures.prepare()
    await sessions.put(page(ANA, "a"))

    async def remaining() -> int:
        counts = await erasures.remaining(tenant=ANA.tenant, user_id=ANA.user_id)
        return sum(counts.values())

    assert await remaining()
    await sessions.remove(ANA)
    assert await remaining() == 0


async def test_instances_share_keys_from_the_store_and_another_store_refuses_their_cursors(
    client: AsyncQdrantClient,
) -> None:
    first, second = Cursors(client), Cursors(client, monotonic=lambda: 1_000.0)
    await first.prepare()
    await second.prepare()
    cursor = PageCursor(page_id=uuid4(), conditions="c", expires_at=NOW + LIFETIME)
    text = await first.write(cursor, ANA)
    assert await second.read(text, ANA, now=NOW) == cursor
    # After a restart the key is the same; with a key in the settings it is another one.
    assert await Cursors(client).read(text, ANA, now=NOW) == cursor
    with pytest.raises(BadCursor):
        await Cursors(client, SecretStr("set by the operator")).read(text, ANA, now=NOW)


async def test_a_key_that_another_instance_adds_later_is_accepted(
    client: AsyncQdrantClient,
) -> None:
    times = iter((0.0, 10.0, 10.0, 10.0, 10.0))
    early = Cursors(client, monotonic=lambda: next(times))
    await early.prepare()
    async with opened_qdrant(QDRANT_KINDS[0], Path()) as elsewhere:
        late = Cursors(elsewhere)
        await late.prepare()
        text = await late.write(
            PageCursor(page_id=uuid4(), conditions="c", expires_at=NOW + LIFETIME), ANA
        )
        points, _ = await elsewhere.scroll("cursor_keys", with_payload=True)
        await client.upsert(
            "cursor_keys", [PointStruct(id=points[0].id, vector={}, payload=points[0].payload)]
        )
    assert (await early.read(text, ANA, now=NOW)).conditions == "c"


def test_a_page_names_all_images_before_it_and_stays_small() -> None:
    pages = {}
    current = ServedPage.first(ANA, uuid4(), BIRDS, started_at=NOW)
    numbers = iter(range(10_000))
    for _ in range(100):
        ids = [f"i{next(numbers)}" for _ in range(30)]
        images = [ServedImage(image_id=i, source="new") for i in ids]
        current = current.with_results(images, shares={}, served_ids=(*ids, f"listed-{ids[0]}"))
        pages[current.page_id] = current
        served = [
            image_id for block in current.blocks for image_id in pages[block].served_ids
        ] + list(current.served_ids)
        expected = next(numbers)
        assert len(served) == len(set(served)) == current.served
        assert len(current.served_ids) < 256 + 31
        assert current.served == 31 * len(pages)
        assert f"i{expected - 1}" in served
        current = current.following(uuid4())
