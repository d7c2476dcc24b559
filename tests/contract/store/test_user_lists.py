"""Every user store lists each user of a tenant once, page by page."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qdrant_client import AsyncQdrantClient

from shared.domain.taste import Taste
from shared.store.profiles import QdrantProfiles
from shared.store.protocol import ProfileStore, StoredProfile, TasteVectors
from shared.store.user_index import UserIndex, with_user_list
from shared.store.user_list import UserStore
from tests.contract.store.qdrants import QDRANT_KINDS, opened_qdrant
from tests.fakes.stores import InMemoryProfiles, InMemoryUsers

SIZE = 2
VECTORS = TasteVectors(np.full(5 * SIZE, 0.1, np.float32), np.full(5 * SIZE, 0.1, np.float32))


@dataclass(frozen=True)
class ListedStore:
    """A store of profiles and the list of its users."""

    profiles: ProfileStore
    users: UserStore


@pytest.fixture(params=["in memory", *QDRANT_KINDS, *(f"{kind}, indexed" for kind in QDRANT_KINDS)])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ListedStore]:
    if request.param == "in memory":
        in_memory = InMemoryProfiles()
        yield ListedStore(in_memory, InMemoryUsers(in_memory))
        return
    kind, _, indexed = request.param.partition(",")
    async with opened_qdrant(kind, tmp_path) as client:
        stored = QdrantProfiles(client, embedder="test")
        await stored.prepare(dimension=SIZE)
        profiles, users = await with_user_list(stored, client, embedded=bool(indexed))
        yield ListedStore(profiles, users)


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


async def test_a_loaded_index_equals_an_updated_one() -> None:
    client = AsyncQdrantClient(":memory:")
    stored = QdrantProfiles(client, embedder="test")
    await stored.prepare(dimension=SIZE)
    profiles, updated = await with_user_list(stored, client, embedded=True)
    store = ListedStore(profiles, updated)
    for number in range(9):
        await _add(store, f"user-{number}", tenant=("default", "other")[number % 2])
    await _add(store, "user-2", version=7)
    await profiles.remove(tenant="default", user_id="user-4")
    await profiles.remove(tenant="default", user_id="unknown")
    loaded = await UserIndex.load(client, stored.collection)
    for tenant in ("default", "other", "none"):
        pages = [
            await index.page(tenant=tenant, after=None, limit=9) for index in (updated, loaded)
        ]
        assert pages[0] == pages[1]
        assert await updated.count(tenant=tenant) == len(pages[0].users)
    await client.close()


class CountedLines(dict[str, Mapping[str, Any]]):
    """Lines of an index that counts how many of them are read."""

    def __init__(self, lines: Mapping[str, Mapping[str, Any]]) -> None:
        super().__init__(lines)
        self.reads = 0

    def __getitem__(self, key: str) -> Mapping[str, Any]:
        self.reads += 1
        return super().__getitem__(key)


async def test_a_page_reads_only_its_own_lines_of_a_large_index() -> None:
    users, at = UserIndex(), datetime(2026, 1, 31, tzinfo=UTC)
    profile = StoredProfile(
        tenant="default", user_id="x", prediction_version=1, predicted=Taste(),
        model_version="nano-1", updated_at=at,
    )  # fmt: skip
    for number in range(10_000):
        users.add(profile.model_copy(update={"user_id": f"user-{number}"}))
    users._lines = lines = CountedLines(users._lines)
    after = None
    for number in range(1, 21):
        page = await users.page(tenant="default", after=after, limit=50)
        after = page.next
        assert (len(page.users), lines.reads) == (50, 50 * number)
    assert await users.count(tenant="default") == 10_000
