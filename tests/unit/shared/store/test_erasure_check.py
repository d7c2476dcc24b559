"""The erasure check caches erasures, and never caches their absence."""

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from shared.domain.erasures import Erasure
from shared.domain.errors import Unavailable
from shared.domain.user import User
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
        self.unavailable = False

    async def get_many(self, users: Collection[User]) -> dict[User, Erasure]:
        self.queries += 1
        if self.unavailable:
            raise Unavailable("store", "it is away")
        await asyncio.sleep(0)
        return await super().get_many(users)

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


async def test_checks_that_come_together_need_one_query() -> None:
    store = CountedErasures()
    check = ErasureCheck(store)
    await store.erase(NOON, user_id="bo")
    users = ["ana", "bo", "cy"] * 500
    results = await asyncio.gather(*(is_erased(check, NOON, user_id=user) for user in users))
    assert results == [user == "bo" for user in users]
    assert store.queries == 1


async def test_a_check_sees_an_erasure_that_was_stored_while_an_earlier_query_ran() -> None:
    store = CountedErasures()
    check = ErasureCheck(store)
    earlier = asyncio.create_task(is_erased(check, NOON))
    while store.queries == 0:  # noqa: ASYNC110 - the store sets no event
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    await store.erase(NOON)
    assert await is_erased(check, NOON)
    await earlier


async def test_an_unavailable_store_fails_the_checks_of_one_query_and_no_later_one() -> None:
    store = CountedErasures()
    check = ErasureCheck(store)
    store.unavailable = True
    checks = (is_erased(check, NOON, user_id=user) for user in ("ana", "ana", "bo"))
    results = await asyncio.gather(*checks, return_exceptions=True)
    assert [type(result) for result in results] == [Unavailable] * 3
    store.unavailable = False
    assert not await is_erased(check, NOON)


async def test_a_cancelled_check_cancels_no_other_check() -> None:
    check = ErasureCheck(CountedErasures())
    cancelled, other = [asyncio.create_task(is_erased(check, NOON)) for _ in range(2)]
    await asyncio.sleep(0)
    cancelled.cancel()
    assert not await other
    with pytest.raises(asyncio.CancelledError):
        await cancelled


@pytest.mark.parametrize("written_ms", [-(2**63), -1, 0, 1_769_851, 2**63 - 1])
async def test_a_wrong_kafka_timestamp_does_not_erase_the_event_of_a_returning_user(
    written_ms: int,
) -> None:
    erasures = InMemoryErasures()
    erasure = Erasure(occurred_at=NOON, written_at=NOON)
    await erasures.add(erasure, tenant="default", user_id="ana")
    check = ErasureCheck(erasures)
    assert not await check.is_erased(event(NOON + MINUTE), written_ms=written_ms)
    assert await check.is_erased(event(NOON - MINUTE), written_ms=written_ms)
