"""Every store of people lists each person of a tenant once, a page at a time."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pytest
from qdrant_client import AsyncQdrantClient

from shared.domain.taste import Taste
from shared.store.profiles import QdrantProfiles
from shared.store.protocol import ProfileStore, StoredProfile, TasteVectors
from shared.store.user_index import ListedPeople, with_people
from shared.store.user_list import PeopleStore
from tests.fakes.stores import InMemoryPeople, InMemoryProfiles

SIZE = 2
VECTORS = TasteVectors(np.full(5 * SIZE, 0.1, np.float32), np.full(5 * SIZE, 0.1, np.float32))


@dataclass(frozen=True)
class World:
    profiles: ProfileStore
    people: PeopleStore


@pytest.fixture(params=["qdrant", "qdrant-listed", "memory"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    if request.param == "memory":
        kept = InMemoryProfiles()
        yield World(kept, InMemoryPeople(kept))
        return
    client = AsyncQdrantClient(":memory:")
    stored = QdrantProfiles(client, embedder="test")
    await stored.prepare(dimension=SIZE)
    profiles, people = await with_people(stored, client, embedded="listed" in request.param)
    yield World(profiles, people)
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


async def test_a_list_that_is_read_anew_is_the_one_that_was_kept() -> None:
    client = AsyncQdrantClient(":memory:")
    stored = QdrantProfiles(client, embedder="test")
    await stored.prepare(dimension=SIZE)
    profiles, kept = await with_people(stored, client, embedded=True)
    world = World(profiles, kept)
    for number in range(9):
        await _keep(world, f"user-{number}", tenant=("default", "other")[number % 2])
    await _keep(world, "user-2", version=7)
    await profiles.remove(tenant="default", user_id="user-4")
    await profiles.remove(tenant="default", user_id="nobody")
    read = await ListedPeople.of(client, stored.collection)
    for tenant in ("default", "other", "none"):
        pages = [await one.page(tenant=tenant, after=None, most=9) for one in (kept, read)]
        assert pages[0] == pages[1]
        assert await kept.count(tenant=tenant) == len(pages[0].people)
    await client.close()


async def test_a_page_of_a_hundred_thousand_people_takes_no_time() -> None:
    people, at = ListedPeople(), datetime(2026, 1, 31, tzinfo=UTC)
    profile = StoredProfile(
        tenant="default", user_id="x", prediction_version=1, predicted=Taste(),
        model_version="nano-1", updated_at=at,
    )  # fmt: skip
    for number in range(100_000):
        people.note(profile.model_copy(update={"user_id": f"user-{number}"}))
    began, after, pages = time.monotonic(), None, 0
    while pages == 0 or (after is not None and pages < 20):
        page = await people.page(tenant="default", after=after, most=50)
        after, pages = page.next, pages + 1
        assert len(page.people) == 50
    assert (time.monotonic() - began) / pages < 0.05
    assert await people.count(tenant="default") == 100_000
