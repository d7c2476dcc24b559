"""Callers that wait together are answered together, each with its own answers or the failure."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.vlm.engine.batching_engine import Batches


class Doubling:
    """An engine that doubles numbers, and remembers how they came; held while `go` is not set."""

    def __init__(self) -> None:
        self.passes: list[list[int]] = []
        self.begun = threading.Event()
        self.go = threading.Event()
        self.go.set()

    def __call__(self, asked: Sequence[int]) -> list[int]:
        self.passes.append(list(asked))
        self.begun.set()
        self.go.wait(timeout=10)
        if -1 in asked:
            raise ValueError("cannot double -1")
        if -2 in asked:
            return [0]
        return [2 * one for one in asked]


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as made:
        yield made


@pytest.fixture
def engine() -> Doubling:
    return Doubling()


@pytest.fixture
def batches(engine: Doubling, executor: ThreadPoolExecutor) -> Batches[int, int]:
    return Batches(engine, executor=executor, largest=4, wait_seconds=0.01)


async def until_begun(engine: Doubling) -> None:
    assert await asyncio.to_thread(engine.begun.wait, 10)


async def test_each_caller_gets_its_own_answers_in_its_own_order(
    batches: Batches[int, int], engine: Doubling
) -> None:
    answers = await asyncio.gather(batches.ask([3, 1]), batches.ask([2]), batches.ask([5]))
    assert answers == [[6, 2], [4], [10]]
    assert engine.passes == [[3, 1, 2, 5]]


async def test_more_than_fits_goes_into_several_passes_in_order(
    batches: Batches[int, int], engine: Doubling
) -> None:
    assert await batches.ask(list(range(10))) == [2 * n for n in range(10)]
    assert engine.passes == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


async def test_what_arrives_during_a_pass_shares_the_next_one(
    batches: Batches[int, int], engine: Doubling
) -> None:
    engine.go.clear()
    first = asyncio.create_task(batches.ask([1]))
    await until_begun(engine)
    later = [asyncio.create_task(batches.ask([n])) for n in (2, 3)]
    await asyncio.sleep(0)
    engine.go.set()
    assert await asyncio.gather(first, *later) == [[2], [4], [6]]
    assert engine.passes == [[1], [2, 3]]


async def test_nothing_asked_is_nothing_answered(
    batches: Batches[int, int], engine: Doubling
) -> None:
    assert await batches.ask([]) == []
    assert engine.passes == []


async def test_it_answers_again_after_it_was_idle(batches: Batches[int, int]) -> None:
    assert await batches.ask([1]) == [2]
    await asyncio.sleep(0.02)
    assert await batches.ask([2]) == [4]


async def test_a_failure_reaches_all_of_its_pass_and_the_next_pass_is_answered(
    batches: Batches[int, int],
) -> None:
    outcomes = await asyncio.gather(
        batches.ask([1, 2]), batches.ask([-1, 3]), batches.ask([5]), return_exceptions=True
    )
    assert [repr(one) for one in outcomes] == ["ValueError('cannot double -1')"] * 2 + ["[10]"]


async def test_what_a_caller_gave_up_before_its_pass_is_not_computed(
    batches: Batches[int, int], engine: Doubling
) -> None:
    gone, stays = asyncio.create_task(batches.ask([1, 2])), asyncio.create_task(batches.ask([3]))
    await asyncio.sleep(0)
    gone.cancel()
    assert await stays == [6]
    assert engine.passes == [[3]]


async def test_a_caller_who_gives_up_during_the_pass_disturbs_nobody(
    batches: Batches[int, int], engine: Doubling
) -> None:
    engine.go.clear()
    gone, stays = asyncio.create_task(batches.ask([1])), asyncio.create_task(batches.ask([3]))
    await until_begun(engine)
    gone.cancel()
    await asyncio.sleep(0)
    engine.go.set()
    assert await stays == [6]
    assert gone.cancelled()


async def test_a_failure_reaches_those_who_stayed_when_others_gave_up(
    batches: Batches[int, int], engine: Doubling
) -> None:
    engine.go.clear()
    gone, stays = asyncio.create_task(batches.ask([1])), asyncio.create_task(batches.ask([-1]))
    await until_begun(engine)
    gone.cancel()
    await asyncio.sleep(0)
    engine.go.set()
    with pytest.raises(ValueError, match="cannot double"):
        await stays


async def test_when_all_give_up_the_next_caller_is_still_answered(
    batches: Batches[int, int], engine: Doubling
) -> None:
    gone = asyncio.create_task(batches.ask([1, 2, 3, 4, 5]))
    await asyncio.sleep(0)
    gone.cancel()
    assert await batches.ask([7]) == [14]
    assert engine.passes == [[7]]


async def test_too_few_answers_are_a_failure_of_the_pass_and_leave_nobody_waiting(
    batches: Batches[int, int],
) -> None:
    async with asyncio.timeout(5):
        outcomes = await asyncio.gather(
            batches.ask([-2, 1]), batches.ask([2, 3, 4]), return_exceptions=True
        )
    assert all(isinstance(one, ValueError) for one in outcomes)


async def test_closing_leaves_nobody_waiting_who_stands_behind_the_last_pass(
    engine: Doubling, executor: ThreadPoolExecutor
) -> None:
    ahead: Batches[int, int] = Batches(engine, executor=executor, largest=4, wait_seconds=0)
    behind: Batches[int, int] = Batches(engine, executor=executor, largest=4, wait_seconds=0)
    engine.go.clear()
    first = asyncio.create_task(ahead.ask([1]))
    await until_begun(engine)
    second = asyncio.create_task(behind.ask([2]))
    await asyncio.sleep(0.01)
    executor.shutdown(wait=False, cancel_futures=True)
    engine.go.set()
    async with asyncio.timeout(5):
        outcomes = await asyncio.gather(first, second, return_exceptions=True)
    assert outcomes[0] == [2]
    assert isinstance(outcomes[1], asyncio.CancelledError)
