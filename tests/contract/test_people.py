"""Every store of people lists each person of a tenant once, a page at a time."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pytest
from qdrant_client import AsyncQdrantClient

from shared.store.people import PeopleStore, QdrantPeople
from shared.store.profiles import QdrantProfiles
from shared.store.protocol import ProfileStore, StoredProfile, TasteVectors
from shared.taste import Taste
from tests.fakes.stores import InMemoryPeople, InMemoryProfiles

SIZE = 2
VECTORS = TasteVectors(np.full(5 * SIZE, 0.1, np.float32), np.full(5 * SIZE, 0.1, np.float32))


@dataclass(frozen=True)
class World:
    profiles: ProfileStore
    people: PeopleStore


@pytest.fixture(params=["qdrant", "memory"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    if request.param == "memory":
        kept = InMemoryProfiles()
        yield World(kept, InMemoryPeople(kept))
        return
    client = AsyncQdrantClient(":memory:")
    stored = QdrantProfiles(client, embedder="test")
    await stored.prepare(dimension=SIZE)
    yield World(stored, QdrantPeople(client, embedder="test"))
    await client.close()


async def _keep(world: World, user: str, tenant: str = "default", version: int = 1) -> None:
    profile = StoredProfile(
        tenant=tenant, user_id=user, prediction_version=version, predicted=Taste(),
        model_version="nano-1", updated_at=datetime(2026, 1, 31, tzinfo=UTC),
    )  # fmt: skip
    await world.profiles.put(profile, VECTORS)


async def test_everybody_is_listed_once_over_all_pages(world: World) -> None:
    names = {f"user-{number}" for number in range(7)}
    for name in names:
        await _keep(world, name)
    await _keep(world, "stranger", tenant="other")
    seen, after = [], None
    for _ in range(3):
        page = await world.people.page(tenant="default", after=after, most=3)
        seen += [one.user_id for one in page.people]
        after = page.next
    assert after is None
    assert sorted(seen) == sorted(names)
    assert await world.people.count(tenant="default") == 7


async def test_a_line_says_how_often_and_by_which_model_was_predicted(world: World) -> None:
    await _keep(world, "ada", version=4)
    (line,) = (await world.people.page(tenant="default", after=None, most=5)).people
    assert (line.prediction_version, line.model_version) == (4, "nano-1")


async def test_nobody_is_listed_of_an_empty_tenant(world: World) -> None:
    page = await world.people.page(tenant="default", after=None, most=5)
    assert (page.people, page.next) == ((), None)
    assert await world.people.count(tenant="default") == 0


async def test_who_was_erased_is_not_listed(world: World) -> None:
    await _keep(world, "ada")
    await world.profiles.remove(tenant="default", user_id="ada")
    assert not (await world.people.page(tenant="default", after=None, most=5)).people
