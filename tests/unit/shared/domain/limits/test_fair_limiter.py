"""A limiter shares its places fairly, and loses none when callers are cancelled."""

import asyncio
import random
from collections.abc import Hashable

import pytest

from shared.domain.limits.fair_limiter import FairLimiter, Lease
from tests.fakes.clock import FakeTime


class Queue:
    """Requests places of a limiter, and notes who got one, in order."""

    def __init__(self, limiter: FairLimiter) -> None:
        self.limiter = limiter
        self.granted: list[Hashable] = []
        self.leases: dict[Hashable, list[Lease]] = {}

    def request(
        self, requester: Hashable, *, group: Hashable = None, cost: int = 1
    ) -> asyncio.Task[None]:
        async def acquire() -> None:
            lease = await self.limiter.acquire(requester, group=group, cost=cost)
            self.granted.append(requester)
            self.leases.setdefault(requester, []).append(lease)

        return asyncio.create_task(acquire())

    def release(self, requester: Hashable) -> None:
        self.leases[requester].pop(0).release()


async def settle() -> None:
    """Let every task that can continue do so."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_no_more_places_are_in_use_than_there_are() -> None:
    queue = Queue(FairLimiter(3, per_requester=3))
    for number in range(5):
        queue.request(number)
    await settle()
    assert queue.granted == [0, 1, 2]
    assert (queue.limiter.in_use, queue.limiter.waiting) == (3, 2)
    queue.release(1)
    await settle()
    assert queue.granted == [0, 1, 2, 3]


async def test_a_requester_gets_its_share_only_and_a_newcomer_starts_at_once() -> None:
    queue = Queue(FairLimiter(4, per_requester=2))
    for _ in range(10):
        queue.request("large")
    await settle()
    queue.request("small")
    await settle()
    assert queue.granted == ["large", "large", "small"]


async def test_a_free_place_goes_to_the_requester_that_has_used_the_least() -> None:
    time = FakeTime()
    queue = Queue(FairLimiter(1, per_requester=1, now=time))
    for requester in ("slow", "slow", "slow", "fast", "fast", "fast"):
        queue.request(requester)
    await settle()
    for _ in range(5):
        holder = queue.granted[-1]
        time.now += 4.0 if holder == "slow" else 0.1
        queue.release(holder)
        await settle()
    # One piece of slow work costs as much as all the fast work.
    assert queue.granted == ["slow", "fast", "fast", "fast", "slow", "slow"]


async def test_requesters_with_equal_work_take_turns() -> None:
    time = FakeTime()
    queue = Queue(FairLimiter(1, per_requester=1, now=time))
    for requester in ("a", "a", "a", "b", "b", "c"):
        queue.request(requester)
    await settle()
    for _ in range(5):
        time.now += 1.0
        queue.release(queue.granted[-1])
        await settle()
    assert queue.granted == ["a", "b", "c", "a", "b", "a"]


async def test_a_newcomer_has_no_credit_for_the_time_before_it() -> None:
    time = FakeTime()
    queue = Queue(FairLimiter(1, per_requester=1, now=time))
    queue.request("old")
    await settle()
    time.now = 100.0
    for requester in ("old", "new", "new", "new"):
        queue.request(requester)
    for _ in range(3):
        queue.release(queue.granted[-1])
        await settle()
        time.now += 1.0
    assert queue.granted == ["old", "old", "new", "new"]


async def test_a_full_group_blocks_its_own_work_only() -> None:
    queue = Queue(FairLimiter(10, per_requester=8, per_group=2))
    for _ in range(4):
        queue.request("a", group="dripping")
    for _ in range(2):
        queue.request("a", group="good")
    queue.request("b", group="dripping")
    queue.request("b", group="good")
    await settle()
    assert queue.granted == ["a", "a", "a", "a"]
    queue.leases["a"][2].release()
    await settle()
    assert queue.granted == ["a", "a", "a", "a", "b"]


async def test_a_requester_that_fills_its_part_of_a_group_keeps_places_for_other_groups() -> None:
    queue = Queue(FairLimiter(10, per_requester=3, per_requester_in_group=2))
    for group in ("slow", "slow", "slow", "slow", "good", "good"):
        queue.request("a", group=group)
    await settle()
    assert queue.limiter.in_use == 3
    queue.leases["a"][2].release()
    await settle()
    assert (queue.limiter.in_use, queue.limiter.waiting) == (3, 2)


async def test_guaranteed_places_are_granted_when_all_are_in_use() -> None:
    queue = Queue(FairLimiter(2, per_requester=2, guaranteed=1))
    for requester in ("a", "a", "b", "b"):
        queue.request(requester)
    await settle()
    assert queue.granted == ["a", "a", "b"]


async def test_large_work_is_not_overtaken_for_ever_by_small_work() -> None:
    time = FakeTime()
    queue = Queue(FairLimiter(4, per_requester=4, now=time))
    queue.request("a", cost=3)
    await settle()
    queue.request("large", cost=4)
    queue.request("small")
    await settle()
    assert queue.granted == ["a"]
    time.now = 1.0
    queue.release("a")
    await settle()
    assert queue.granted == ["a", "large"]


async def test_work_that_costs_more_than_all_places_runs_alone() -> None:
    queue = Queue(FairLimiter(4, per_requester=2))
    queue.request("huge", cost=100)
    await settle()
    assert queue.limiter.in_use == 2


async def test_work_that_costs_more_than_its_group_may_use_runs_alone_in_it() -> None:
    queue = Queue(FairLimiter(8, per_requester=4, per_group=2))
    queue.request("huge", group="host", cost=4)
    queue.request("other", group="host")
    await settle()
    assert queue.granted == ["huge"]


async def test_a_cancelled_wait_leaves_no_trace() -> None:
    queue = Queue(FairLimiter(1, per_requester=1))
    queue.request("a")
    await settle()
    waits = [queue.request("b") for _ in range(3)]
    await settle()
    waits[0].cancel()
    waits[2].cancel()
    await settle()
    queue.release("a")
    await settle()
    assert queue.granted == ["a", "b"]
    queue.release("b")
    assert (queue.limiter.in_use, queue.limiter.waiting) == (0, 0)


async def test_a_place_that_arrives_with_the_cancellation_is_given_back() -> None:
    queue = Queue(FairLimiter(1, per_requester=1))
    queue.request("a")
    await settle()
    wait = queue.request("b")
    await settle()
    queue.release("a")
    wait.cancel()
    await settle()
    assert (queue.limiter.in_use, queue.limiter.waiting) == (0, 0)


async def test_a_place_is_not_given_to_a_wait_that_is_being_cancelled() -> None:
    queue = Queue(FairLimiter(1, per_requester=1))
    queue.request("a")
    await settle()
    wait = queue.request("b")
    queue.request("c")
    await settle()
    wait.cancel()
    queue.release("a")
    await settle()
    assert queue.granted == ["a", "c"]


async def test_a_second_release_does_nothing() -> None:
    limiter = FairLimiter(2, per_requester=2)
    lease = await limiter.acquire("a")
    lease.release()
    lease.release()
    assert limiter.in_use == 0


@pytest.mark.parametrize("seed", range(20))
async def test_limits_hold_and_nothing_is_lost_whatever_the_order(seed: int) -> None:
    rng = random.Random(seed)
    limiter = FairLimiter(6, per_requester=3, per_group=4, guaranteed=1)
    held: dict[tuple[int, str], int] = {}

    async def work(requester: int, group: str, cost: int) -> None:
        async with limiter.place(requester, group=group, cost=cost):
            held[requester, group] = held.get((requester, group), 0) + cost
            by_requester = sum(c for (r, _), c in held.items() if r == requester)
            by_group = sum(c for (_, g), c in held.items() if g == group)
            try:
                assert by_requester <= 3
                assert by_group <= 4
                assert sum(held.values()) <= 6 + 5
                await asyncio.sleep(rng.random() / 500)
            finally:
                held[requester, group] -= cost

    tasks = [
        asyncio.create_task(work(rng.randrange(5), rng.choice("xyz"), rng.choice((1, 1, 2))))
        for _ in range(200)
    ]
    for task in rng.sample(tasks, 60):
        await asyncio.sleep(0)
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(result) for result in results} <= {type(None), asyncio.CancelledError}
    assert (limiter.in_use, limiter.waiting, len(limiter._requesters)) == (0, 0, 0)
    assert not +limiter._by_group
