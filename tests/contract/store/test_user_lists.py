"""Every user store lists each user of a tenant once, page by page."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from shared.domain.taste import Taste
from shared.store.profiles import QdrantProfiles
from shared.store.protocol import ProfileStore, StoredProfile, TasteVectors
from shared.store.user_list import QdrantUsers, UserStore
from tests.contract.store.qdrants import QDRANT_KINDS, opened_qdrant
from tests.fakes.stores import InMemoryProfiles, InMemoryUsers

SIZE = 2
VECTORS = TasteVectors(np.full(5 * SIZE, 0.1, np.float32), np.full(5 * SIZE, 0.1, np.float32))


@dataclass(frozen=True)
class ListedStore:
    """A store of profiles and the list of its users."""

    profiles: ProfileStore
    users: UserStore


@pytest.fixture(params=["in memory", *QDRANT_KINDS])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ListedStore]:
    if request.param == "in memory":
        in_memory = InMemoryProfiles()
        yield ListedStore(in_memory, InMemoryUsers(in_memory))
        return
    async with opened_qdrant(request.param, tmp_path) as client:
        stored = QdrantProfiles(client, embedder="test")
        await stored.prepare(dimension=SIZE)
        yield ListedStore(stored, QdrantUsers(client, collection=stored.collection))


async def _add(store: ListedStore, user: str, tenant: str = "default", version: int = 1) -> None:
    profile = StoredProfile(
        tenant=tenant, user_id=user, prediction_version=version, predicted=Taste(),
        model_version="nano-1", updated_at=datetime(2026, 1, 31, tzinfo=UTC),
    )  # fmt: skip
    await store.profiles.put(profile, VECTORS)


async def test_each_user_is_listed_once_over_all_pages(store: ListedStore) -> None:
    names = {f"user-{number}" for number in range(7)}
    for name in names:
        await _add(store, name)
    await _add(store, "stranger", tenant="other")
    listed, after = [], None
    for _ in range(3):
        page = await store.users.page(tenant="default", after=after, limit=3)
        listed += [user.user_id for user in page.users]
        after = page.next
    assert after is None
    assert sorted(listed) == sorted(names)
    assert await store.users.count(tenant="default") == 7


async def test_a_listed_user_has_the_version_and_model_of_the_prediction(
    store: ListedStore,
) -> None:
    await _add(store, "ada", version=4)
    (line,) = (await store.users.page(tenant="default", after=None, limit=5)).users
    assert (line.prediction_version, line.model_version) == (4, "nano-1")


async def test_an_empty_tenant_has_no_users(store: ListedStore) -> None:
    page = await store.users.page(tenant="default", after=None, limit=5)
    assert (page.users, page.next) == ((), None)
    assert await store.users.count(tenant="default") == 0


async def test_a_removed_user_is_not_listed(store: ListedStore) -> None:
    await _add(store, "ada")
    await store.profiles.remove(tenant="default", user_id="ada")
    assert not (await store.users.page(tenant="default", after=None, limit=5)).users
