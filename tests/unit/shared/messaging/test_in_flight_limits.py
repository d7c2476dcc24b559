"""Events in flight are limited in number and in bytes, and are accepted in order."""

import asyncio

import pytest

from shared.messaging.consume.in_flight_limits import InFlightLimits


async def accepted(waiting: "asyncio.Task[None]") -> bool:
    """Whether the waiting event was accepted, after every task has run."""
    for _ in range(5):
        await asyncio.sleep(0)
    return waiting.done()


async def test_the_bytes_limit_delays_an_event_that_does_not_fit() -> None:
    limits = InFlightLimits(max_events=10, max_bytes=100)
    await limits.acquire(60)
    await limits.acquire(40)
    waiting = asyncio.create_task(limits.acquire(1))
    assert not await accepted(waiting)
    limits.release(40)
    assert await accepted(waiting)


async def test_the_number_limit_delays_an_event_without_bytes() -> None:
    limits = InFlightLimits(max_events=2, max_bytes=100)
    await limits.acquire(0)
    await limits.acquire(0)
    waiting = asyncio.create_task(limits.acquire(0))
    assert not await accepted(waiting)
    limits.release(0)
    assert await accepted(waiting)


async def test_one_event_that_exceeds_the_bytes_is_accepted_alone() -> None:
    limits = InFlightLimits(max_events=10, max_bytes=100)
    await limits.acquire(5_000)
    waiting = asyncio.create_task(limits.acquire(1))
    assert not await accepted(waiting)
    limits.release(5_000)
    assert await accepted(waiting)
    large = asyncio.create_task(limits.acquire(5_000))
    assert not await accepted(large)
    limits.release(1)
    assert await accepted(large)


async def test_a_small_event_does_not_overtake_a_large_one() -> None:
    limits = InFlightLimits(max_events=10, max_bytes=100)
    await limits.acquire(60)
    large = asyncio.create_task(limits.acquire(80))
    assert not await accepted(large)
    small = asyncio.create_task(limits.acquire(1))
    assert not await accepted(small)
    limits.release(60)
    assert await accepted(large)
    assert await accepted(small)


@pytest.mark.parametrize("after_release", [False, True])
async def test_a_cancelled_event_takes_no_place(after_release: bool) -> None:
    limits = InFlightLimits(max_events=1, max_bytes=100)
    await limits.acquire(1)
    cancelled = asyncio.create_task(limits.acquire(1))
    following = asyncio.create_task(limits.acquire(1))
    assert not await accepted(cancelled)
    if after_release:
        # The place is given to the event in the same moment in which its task is cancelled.
        limits.release(1)
        cancelled.cancel()
        assert await accepted(following)
    else:
        cancelled.cancel()
        assert not await accepted(following)
        limits.release(1)
        assert await accepted(following)
    with pytest.raises(asyncio.CancelledError):
        await cancelled
