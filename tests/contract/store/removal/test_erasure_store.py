"""Every erasure store keeps erasures, and a search finds a user's remaining points."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from qdrant_client import AsyncQdrantClient

from shared.domain.erasures import Erasure
from shared.domain.user import User
from shared.embedding.taste_vectors import taste_vectors
from shared.store.edge.client import EdgeQdrant
from shared.store.erasures import COLLECTION, QdrantErasures
from shared.store.impressions import QdrantImpressions
from shared.store.protocol import ErasureStore, Impressions
from tests.contract.store.qdrants import QDRANT_KINDS, opened_qdrant
from tests.contract.store.stores import EMBEDDER, TASTES, in_qdrant, pinned, profile
from tests.fakes.stores import InMemoryErasures

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture(params=["in memory", *QDRANT_KINDS])
async def erasures(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ErasureStore]:
    if request.param == "in memory":
        yield InMemoryErasures()
        return
    async with opened_qdrant(request.param, tmp_path) as client:
        in_store = QdrantErasures(client)
        await in_store.prepare()
        yield in_store


def at(moment: datetime) -> Erasure:
    return Erasure(occurred_at=moment, written_at=moment)


async def test_an_erasure_belongs_to_one_user_of_one_tenant(erasures: ErasureStore) -> None:
    await erasures.add(at(NOON), tenant="default", user_id="ana")
    assert await erasures.get(tenant="default", user_id="ana") == at(NOON)
    assert await erasures.get(tenant="elsewhere", user_id="ana") is None
    assert await erasures.get(tenant="default", user_id="bo") is None


async def test_the_erasures_of_many_users_are_read_together(erasures: ErasureStore) -> None:
    ana, bo = User("default", "ana"), User("default", "bo")
    await erasures.add(at(NOON), tenant="default", user_id="ana")
    await erasures.add(at(NOON), tenant="default", user_id="cy")
    assert await erasures.get_many([ana, bo, User("elsewhere", "ana")]) == {ana: at(NOON)}
    assert await erasures.get_many([]) == {}


async def test_an_earlier_erasure_that_arrives_later_does_not_shrink_the_stored_one(
    erasures: ErasureStore,
) -> None:
    for moment in (NOON, NOON - timedelta(hours=1)):
        await erasures.add(at(moment), tenant="default", user_id="ana")
    assert await erasures.get(tenant="default", user_id="ana") == at(NOON)


async def test_the_search_counts_the_users_points_in_every_collection(
    client: AsyncQdrantClient,
) -> None:
    stores, impressions, erasures = (
        await in_qdrant(client),
        QdrantImpressions(client),
        QdrantErasures(client),
    )
    await impressions.prepare()
    await erasures.prepare()
    stored = profile(TASTES["full"])
    await stores.profiles.put(stored, await taste_vectors(stored.taste, EMBEDDER))
    await stores.profiles.correct(pinned("gold"))
    await impressions.put(Impressions(tenant="default", user_id="ana", seen_at={"i": NOON}))
    await impressions.put(Impressions(tenant="elsewhere", user_id="ana", seen_at={"i": NOON}))
    await erasures.add(at(NOON), tenant="default", user_id="ana")

    remaining = await erasures.remaining(tenant="default", user_id="ana")
    assert {name: count for name, count in remaining.items() if count} == {
        f"profiles.{EMBEDDER.name}": 1, "corrections": 1, "impressions": 1,
    }  # fmt: skip
    assert COLLECTION in remaining

    await stores.profiles.remove(tenant="default", user_id="ana")
    await impressions.remove(tenant="default", user_id="ana")
    assert set((await erasures.remaining(tenant="default", user_id="ana")).values()) == {0}


async def test_a_stored_erasure_does_not_contain_the_users_name(client: AsyncQdrantClient) -> None:
    erasures = QdrantErasures(client)
    await erasures.prepare()
    await erasures.add(at(NOON), tenant="default", user_id="ana-lovelace")
    points, _ = await client.scroll(COLLECTION, with_payload=True)
    assert "ana-lovelace" not in str(points)


async def test_the_files_of_a_server_cannot_be_searched_and_the_receipt_can_say_so(
    client: AsyncQdrantClient,
) -> None:
    is_embedded = isinstance(client, EdgeQdrant)
    assert bool(QdrantErasures(client).not_searched) != is_embedded
