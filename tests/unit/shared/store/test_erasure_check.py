"""The erasure check caches erasures, and never caches their absence."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from shared.domain.erasures import Erasure
from shared.events import Feedback
from shared.store.erasure_check import ErasureCheck
from tests.fakes.stores import InMemoryErasures

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class CountedErasures(InMemoryErasures):
    """An `ErasureStore` that counts its queries."""

    def __init__(self) -> None:
        super().__init__()
        self.queries = 0

    async def get(self, *, tenant: str, user_id: str) -> Erasure | None:
        self.queries += 1
        return await super().get(tenant=tenant, user_id=user_id)

    async def erase(self, at: datetime, *, user_id: str = "ana") -> None:
        erasure = Erasure(occurred_at=at, written_at=at)
        await self.add(erasure, tenant="default", user_id=user_id)


def event(at: datetime, *, user_id: str = "ana") -> Feedback:
    return Feedback(
        event_id=UUID(int=1), occurred_at=at, user_id=user_id, image_id="i", type="like"
    )


async def is_erased(check: ErasureCheck, at: datetime, *, user_id: str = "ana") -> bool:
    written_ms = round(at.timestamp() * 1000)
    return await check.is_erased(event(at, user_id=user_id), written_ms=written_ms)


async def test_an_event_is_erased_only_by_its_own_users_later_erasure() -> None:
    store = CountedErasures()
    check = ErasureCheck(store)
    assert not await is_erased(check, NOON)
    await store.erase(NOON)
    assert await is_erased(check, NOON)
    assert not await is_erased(check, NOON + MINUTE)
    assert not await is_erased(check, NOON, user_id="bo")


async def test_an_event_that_a_cached_erasure_covers_needs_no_query() -> None:
    store = CountedErasures()
    check = ErasureCheck(store)
    await store.erase(NOON)
    assert [await is_erased(check, NOON - number * MINUTE) for number in range(5)] == [True] * 5
    assert store.queries == 1


async def test_a_later_erasure_counts_although_an_earlier_one_is_cached() -> None:
    store = CountedErasures()
    check = ErasureCheck(store)
    await store.erase(NOON)
    assert not await is_erased(check, NOON + MINUTE)
    await store.erase(NOON + MINUTE)
    assert await is_erased(check, NOON + MINUTE)


async def test_several_events_are_erased_only_if_each_of_them_is() -> None:
    store = CountedErasures()
    check = ErasureCheck(store)
    user = {"tenant": "default", "user_id": "ana"}
    assert not await check.are_all_erased([NOON], **user)
    await store.erase(NOON)
    assert await check.are_all_erased([NOON - MINUTE, NOON], **user)
    assert not await check.are_all_erased([NOON, NOON + MINUTE], **user)


async def test_the_cache_keeps_the_latest_erasures() -> None:
    store = CountedErasures()
    check = ErasureCheck(store, size=1)
    for user_id in ("ana", "bo"):
        await store.erase(NOON, user_id=user_id)
        assert await is_erased(check, NOON, user_id=user_id)
    assert await is_erased(check, NOON, user_id="bo")
    assert store.queries == 2
    assert await is_erased(check, NOON, user_id="ana")
    assert store.queries == 3
