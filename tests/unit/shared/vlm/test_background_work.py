"""Background work waits for requests, runs one small batch at a time, and never starves."""

import asyncio
from contextlib import suppress

import pytest

from shared.vlm.background_work import BackgroundWork, Pace

AT_ONCE = Pace(quiet_seconds=0, max_pause_seconds=60)


def test_a_batch_waits_for_requests_and_still_progresses() -> None:
    pace = Pace(quiet_seconds=0.5, max_pause_seconds=30)
    assert pace.may_start(requests_waiting=0, idle_seconds=1, pause_seconds=0)
    assert not pace.may_start(requests_waiting=0, idle_seconds=0.1, pause_seconds=5)
    assert not pace.may_start(requests_waiting=3, idle_seconds=0, pause_seconds=29)
    assert pace.may_start(requests_waiting=3, idle_seconds=0, pause_seconds=30)


@pytest.mark.parametrize(
    ("seconds_per_item", "size"),
    [(None, 1), (0.0, 16), (0.01, 16), (0.05, 5), (0.25, 1), (4.0, 1)],
)
def test_the_size_of_a_batch_follows_from_its_duration(
    seconds_per_item: float | None, size: int
) -> None:
    assert Pace(batch_seconds=0.25).batch_size(seconds_per_item, at_most=16) == size


def test_a_batch_at_a_model_server_has_a_least_size() -> None:
    pace = Pace(batch_seconds=0.25, least_batch=8)
    assert [pace.batch_size(seconds, at_most=16) for seconds in (None, 4.0, 0.01)] == [8, 8, 16]
    assert pace.batch_size(4.0, at_most=2) == 2


async def test_no_batch_starts_while_a_request_is_in_work() -> None:
    background = BackgroundWork(AT_ONCE)
    order = []

    async def describe() -> None:
        async with background.batch("description", at_most=4):
            order.append("batch")

    with background.request():
        waiting = asyncio.create_task(describe())
        await asyncio.sleep(0.01)
        with background.request():
            order.append("second request")
        await asyncio.sleep(0.01)
        order.append("first request")
    await waiting
    assert order == ["second request", "first request", "batch"]


async def test_a_batch_waits_until_it_is_quiet() -> None:
    background = BackgroundWork(Pace(quiet_seconds=0.05, max_pause_seconds=60))
    loop = asyncio.get_running_loop()
    with background.request():
        pass
    ended_at = loop.time()
    async with background.batch("description", at_most=4):
        assert loop.time() - ended_at >= 0.045


async def test_a_request_that_fails_is_counted_no_longer() -> None:
    background = BackgroundWork(AT_ONCE)
    with suppress(RuntimeError), background.request():
        raise RuntimeError("the request failed")
    assert background.requests == 0


async def test_under_constant_load_a_batch_starts_after_the_longest_pause() -> None:
    background = BackgroundWork(Pace(quiet_seconds=0, max_pause_seconds=0.03))
    loop = asyncio.get_running_loop()
    with background.request():
        for _ in range(2):
            waits_since = loop.time()
            async with background.batch("description", at_most=4) as batch:
                assert batch.under_load
                assert 0.025 < loop.time() - waits_since < 5


async def test_kinds_of_work_run_one_after_the_other_in_their_order() -> None:
    background = BackgroundWork(AT_ONCE)
    running, order = 0, []

    async def work(name: str) -> None:
        nonlocal running
        for _ in range(2):
            async with background.batch(name, at_most=4):
                running += 1
                assert running == 1
                order.append(name)
                await asyncio.sleep(0)
                running -= 1

    await asyncio.gather(work("index"), work("description"))
    assert order == ["index", "description", "index", "description"]


async def test_the_next_batch_of_a_slow_kind_of_work_is_smaller() -> None:
    seconds = 0.0
    background = BackgroundWork(Pace(quiet_seconds=0, batch_seconds=1.0), now=lambda: seconds)

    async def size(work: str, *, seconds_per_item: float) -> int:
        nonlocal seconds
        async with background.batch(work, at_most=8) as batch:
            batch.done = batch.size
            seconds += seconds_per_item * batch.size
            return batch.size

    sizes = [await size("index", seconds_per_item=s) for s in (0.2, 0.5, 0.1, 0.1)]
    assert sizes == [1, 5, 2, 3]
    assert await size("shadow", seconds_per_item=0.1) == 1


async def test_a_cancelled_batch_does_not_hold_off_others() -> None:
    background = BackgroundWork(AT_ONCE)
    with background.request():
        waiting = asyncio.create_task(background.batch("index", at_most=1).__aenter__())
        await asyncio.sleep(0.01)
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting
    async with asyncio.timeout(5), background.batch("description", at_most=1):
        pass
