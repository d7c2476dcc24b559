"""Inputs of waiting callers are computed together; each caller gets its own results or an error."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.domain.errors import Unprocessable
from shared.vlm.engine.batching_engine import Batcher


class Doubling:
    """An engine that doubles numbers and records its passes; it waits while `go` is not set."""

    def __init__(self) -> None:
        self.passes: list[list[int]] = []
        self.started = threading.Event()
        self.go = threading.Event()
        self.go.set()

    def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.passes.append(list(numbers))
        self.started.set()
        self.go.wait(timeout=10)
        if -1 in numbers:
            raise ValueError("cannot double -1")
        if -3 in numbers:
            raise Unprocessable("prompt_too_long", "-3 is too long")
        if -2 in numbers:
            return [0]
        return [2 * number for number in numbers]


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as executor:
        yield executor


@pytest.fixture
def engine() -> Doubling:
    return Doubling()


@pytest.fixture
def batcher(engine: Doubling, executor: ThreadPoolExecutor) -> Batcher[int, int]:
    return Batcher(engine, executor=executor, max_size=4, wait_seconds=0.01)


async def until_started(engine: Doubling) -> None:
    assert await asyncio.to_thread(engine.started.wait, 10)


async def test_each_caller_gets_its_own_results_in_its_own_order(
    batcher: Batcher[int, int], engine: Doubling
) -> None:
    results = await asyncio.gather(batcher.submit([3, 1]), batcher.submit([2]), batcher.submit([5]))
    assert results == [[6, 2], [4], [10]]
    assert engine.passes == [[3, 1, 2, 5]]


async def test_more_inputs_than_fit_are_computed_in_several_passes(
    batcher: Batcher[int, int], engine: Doubling
) -> None:
    assert await batcher.submit(list(range(10))) == [2 * n for n in range(10)]
    assert engine.passes == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


async def test_inputs_that_arrive_during_a_pass_share_the_next_pass(
    batcher: Batcher[int, int], engine: Doubling
) -> None:
    engine.go.clear()
    first = asyncio.create_task(batcher.submit([1]))
    await until_started(engine)
    later = [asyncio.create_task(batcher.submit([n])) for n in (2, 3)]
    await asyncio.sleep(0)
    engine.go.set()
    assert await asyncio.gather(first, *later) == [[2], [4], [6]]
    assert engine.passes == [[1], [2, 3]]


async def test_a_small_call_does_not_wait_for_all_of_a_large_one(
    batcher: Batcher[int, int], engine: Doubling
) -> None:
    engine.go.clear()
    large = asyncio.create_task(batcher.submit([1] * 40))
    await until_started(engine)
    small = [asyncio.create_task(batcher.submit([2, 2])) for _ in range(3)]
    await asyncio.sleep(0)
    engine.go.set()
    await asyncio.gather(*small)
    assert not large.done()
    assert sum(numbers.count(2) for numbers in engine.passes[:4]) == 6
    # And the large one is not left out while small ones keep coming.
    while not large.done():
        await batcher.submit([3, 3, 3, 3])
    assert len(engine.passes) <= 2 * (40 // 4) + 5


async def test_calls_of_equal_size_are_computed_in_their_order(
    batcher: Batcher[int, int], engine: Doubling
) -> None:
    calls = [asyncio.create_task(batcher.submit([number] * 8)) for number in range(5)]
    await asyncio.gather(*calls)
    assert [numbers[0] for numbers in engine.passes] == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]


async def test_no_input_gives_no_result_and_no_pass(
    batcher: Batcher[int, int], engine: Doubling
) -> None:
    assert await batcher.submit([]) == []
    assert engine.passes == []


async def test_the_batcher_works_again_after_it_was_idle(batcher: Batcher[int, int]) -> None:
    assert await batcher.submit([1]) == [2]
    await asyncio.sleep(0.02)
    assert await batcher.submit([2]) == [4]


async def test_an_error_reaches_all_callers_of_its_pass_and_the_next_pass_succeeds(
    batcher: Batcher[int, int],
) -> None:
    outcomes = await asyncio.gather(
        batcher.submit([1, 2]), batcher.submit([-1, 3]), batcher.submit([5]), return_exceptions=True
    )
    assert [repr(outcome) for outcome in outcomes] == ["ValueError('cannot double -1')"] * 2 + [
        "[10]"
    ]


async def test_an_input_that_can_never_be_answered_does_not_fail_those_of_other_callers(
    batcher: Batcher[int, int], engine: Doubling
) -> None:
    results = await asyncio.gather(
        batcher.submit([1]), batcher.submit([-3]), batcher.submit([2]), return_exceptions=True
    )
    assert results[0] == [2]
    assert isinstance(results[1], Unprocessable)
    assert results[2] == [4]
    assert engine.passes == [[1, -3, 2], [1], [-3], [2]]


async def test_the_inputs_of_a_cancelled_caller_are_not_computed(
    batcher: Batcher[int, int], engine: Doubling
) -> None:
    cancelled = asyncio.create_task(batcher.submit([1, 2]))
    remaining = asyncio.create_task(batcher.submit([3]))
    await asyncio.sleep(0)
    cancelled.cancel()
    assert await remaining == [6]
    assert engine.passes == [[3]]


async def test_a_caller_that_is_cancelled_during_a_pass_does_not_affect_others(
    batcher: Batcher[int, int], engine: Doubling
) -> None:
    engine.go.clear()
    cancelled = asyncio.create_task(batcher.submit([1]))
    remaining = asyncio.create_task(batcher.submit([3]))
    await until_started(engine)
    cancelled.cancel()
    await asyncio.sleep(0)
    engine.go.set()
    assert await remaining == [6]
    assert cancelled.cancelled()


async def test_an_error_reaches_the_remaining_caller_when_another_was_cancelled(
    batcher: Batcher[int, int], engine: Doubling
) -> None:
    engine.go.clear()
    cancelled = asyncio.create_task(batcher.submit([1]))
    remaining = asyncio.create_task(batcher.submit([-1]))
    await until_started(engine)
    cancelled.cancel()
    await asyncio.sleep(0)
    engine.go.set()
    with pytest.raises(ValueError, match="cannot double"):
        await remaining


async def test_the_next_caller_is_served_after_all_others_were_cancelled(
    batcher: Batcher[int, int], engine: Doubling
) -> None:
    cancelled = asyncio.create_task(batcher.submit([1, 2, 3, 4, 5]))
    await asyncio.sleep(0)
    cancelled.cancel()
    assert await batcher.submit([7]) == [14]
    assert engine.passes == [[7]]


async def test_too_few_results_are_an_error_of_the_pass_and_no_caller_waits_for_ever(
    batcher: Batcher[int, int],
) -> None:
    async with asyncio.timeout(5):
        outcomes = await asyncio.gather(
            batcher.submit([-2, 1]), batcher.submit([2, 3, 4]), return_exceptions=True
        )
    assert all(isinstance(outcome, ValueError) for outcome in outcomes)


async def test_closing_cancels_callers_that_wait_behind_the_last_pass(
    engine: Doubling, executor: ThreadPoolExecutor
) -> None:
    first_batcher, second_batcher = (
        Batcher[int, int](engine, executor=executor, max_size=4, wait_seconds=0) for _ in range(2)
    )
    engine.go.clear()
    first = asyncio.create_task(first_batcher.submit([1]))
    await until_started(engine)
    second = asyncio.create_task(second_batcher.submit([2]))
    for _ in range(10):  # enough for the second input to wait in the executor
        await asyncio.sleep(0)
    executor.shutdown(wait=False, cancel_futures=True)
    engine.go.set()
    async with asyncio.timeout(5):
        outcomes = await asyncio.gather(first, second, return_exceptions=True)
    assert outcomes[0] == [2]
    assert isinstance(outcomes[1], asyncio.CancelledError)
