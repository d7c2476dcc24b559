"""Erasures are remembered alike in memory and in Qdrant, and a search finds who is still there."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from qdrant_client import AsyncQdrantClient

from shared.domain.erasures import Erasure
from shared.embedding.taste_vectors import taste_vectors
from shared.store.erasures import COLLECTION, QdrantErasures
from shared.store.impressions import QdrantSeen
from shared.store.protocol import ErasureStore, SeenImages
from tests.contract.store.stores import EMBEDDER, TASTES, in_qdrant, pinned, profile
from tests.fakes.stores import InMemoryErasures

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
async def client() -> AsyncIterator[AsyncQdrantClient]:
    client = AsyncQdrantClient(":memory:")
    yield client
    await client.close()


@pytest.fixture(params=["in memory", "qdrant"])
async def erasures(request: pytest.FixtureRequest, client: AsyncQdrantClient) -> ErasureStore:
    if request.param == "in memory":
        return InMemoryErasures()
    in_store = QdrantErasures(client)
    await in_store.prepare()
    return in_store


def at(moment: datetime) -> Erasure:
    return Erasure(occurred_at=moment, written_at=moment)


async def test_an_erasure_comes_back_for_that_person_alone(erasures: ErasureStore) -> None:
    await erasures.remember(at(NOON), tenant="default", user_id="ana")
    assert await erasures.erased(tenant="default", user_id="ana") == at(NOON)
    assert await erasures.erased(tenant="elsewhere", user_id="ana") is None
    assert await erasures.erased(tenant="default", user_id="bo") is None


async def test_an_earlier_erasure_that_comes_later_takes_nothing_back(
    erasures: ErasureStore,
) -> None:
    for moment in (NOON, NOON - timedelta(hours=1)):
        await erasures.remember(at(moment), tenant="default", user_id="ana")
    assert await erasures.erased(tenant="default", user_id="ana") == at(NOON)


async def test_a_search_goes_by_content_and_finds_whatever_collection_holds_the_person(
    client: AsyncQdrantClient,
) -> None:
    stores, seen, erasures = await in_qdrant(client), QdrantSeen(client), QdrantErasures(client)
    await seen.prepare()
    await erasures.prepare()
    kept = profile(TASTES["full"])
    await stores.profiles.put(kept, await taste_vectors(kept.taste, EMBEDDER))
    await stores.profiles.correct(pinned("gold"))
    await seen.put(SeenImages(tenant="default", user_id="ana", seen_at={"i": NOON}))
    await seen.put(SeenImages(tenant="elsewhere", user_id="ana", seen_at={"i": NOON}))
    await erasures.remember(at(NOON), tenant="default", user_id="ana")

    found = await erasures.remaining(tenant="default", user_id="ana")
    assert {name: count for name, count in found.items() if count} == {
        f"profiles.{EMBEDDER.name}": 1, "corrections": 1, "seen_images": 1,
    }  # fmt: skip
    assert COLLECTION in found

    await stores.profiles.remove(tenant="default", user_id="ana")
    await seen.remove(tenant="default", user_id="ana")
    assert set((await erasures.remaining(tenant="default", user_id="ana")).values()) == {0}


async def test_what_is_kept_of_an_erasure_names_nobody(client: AsyncQdrantClient) -> None:
    erasures = QdrantErasures(client)
    await erasures.prepare()
    await erasures.remember(at(NOON), tenant="default", user_id="ana-lovelace")
    points, _ = await client.scroll(COLLECTION, with_payload=True)
    assert "ana-lovelace" not in str(points)
