"""Items of one key within a moment are handled together, one batch at a time."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence

import pytest

from services.profile.debounce import BURST_ITEMS, Debounce


class BatchHandler:
    """Handles batches, and counts how many of one key it handles at a time."""

    def __init__(self, *, wait_seconds: float = 0.0) -> None:
        self.batches: dict[str, list[list[int]]] = defaultdict(list)
        self.at_once: dict[str, int] = defaultdict(int)
        self.most_at_once = 0
        self.keys_at_once = 0
        self.opened = asyncio.Event()
        self.opened.set()
        self.fails: dict[int, Exception] = {}
        self.debounce: Debounce[str, int] = Debounce(self.handle, wait_seconds=wait_seconds)

    async def handle(self, key: str, items: Sequence[int]) -> None:
        self.batches[key].append(list(items))
        self.at_once[key] += 1
        self.most_at_once = max(self.most_at_once, self.at_once[key])
        self.keys_at_once = max(self.keys_at_once, sum(map(bool, self.at_once.values())))
        await self.opened.wait()
        await asyncio.sleep(0)
        self.at_once[key] -= 1
        for item in items:
            if item in self.fails:
                raise self.fails[item]

    def add(self, key: str, *items: int) -> list[asyncio.Task[None]]:
        return [asyncio.create_task(self.debounce.add(key, item)) for item in items]


class ManualSleep:
    """Replaces `asyncio.sleep` by a wait that ends when the test sets `over`."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self.seconds: list[float] = []
        self._sleep = asyncio.sleep

    async def sleep(self, seconds: float) -> None:
        if seconds:
            self.seconds.append(seconds)
            await self.over.wait()
        else:
            await self._sleep(0)


@pytest.fixture
def manual_sleep(monkeypatch: pytest.MonkeyPatch) -> ManualSleep:
    made = ManualSleep()
    monkeypatch.setattr(asyncio, "sleep", made.sleep)
    return made


async def run_event_loop(count: int = 20) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_items_added_together_are_handled_together_in_order() -> None:
    handler = BatchHandler()
    await asyncio.gather(*handler.add("ana", 1, 2, 3))
    assert handler.batches == {"ana": [[1, 2, 3]]}


async def test_the_first_item_waits_for_more(manual_sleep: ManualSleep) -> None:
    handler = BatchHandler(wait_seconds=0.05)
    first = handler.add("ana", 1)
    await run_event_loop()
    later = handler.add("ana", 2)
    await run_event_loop()
    assert handler.batches == {}
    manual_sleep.over.set()
    await asyncio.gather(*first, *later)
    assert handler.batches == {"ana": [[1, 2]]}
    assert manual_sleep.seconds == [0.05]


async def test_items_that_arrive_during_a_batch_form_the_next_one() -> None:
    handler = BatchHandler()
    handler.opened.clear()
    first = handler.add("ana", 1)
    await run_event_loop()
    later = handler.add("ana", 2, 3)
    await run_event_loop()
    assert handler.batches == {"ana": [[1]]}
    assert not any(task.done() for task in first + later)
    handler.opened.set()
    await asyncio.gather(*first, *later)
    assert handler.batches == {"ana": [[1], [2, 3]]}
    assert handler.most_at_once == 1


async def test_while_items_keep_coming_each_batch_waits_longer_up_to_a_limit(
    manual_sleep: ManualSleep,
) -> None:
    handler = BatchHandler(wait_seconds=1.0)
    manual_sleep.over.set()

    async def keep_adding() -> None:
        tasks = handler.add("ana", 0)
        while len(handler.batches["ana"]) < 6:
            tasks += handler.add("ana", 1)
            await run_event_loop(1)
        await asyncio.gather(*tasks)

    await keep_adding()
    assert manual_sleep.seconds[:6] == [1, 2, 4, 8, 8, 8]
    await handler.debounce.add("ana", 2)
    assert manual_sleep.seconds[-1] == 1


async def test_a_burst_is_collected_before_it_is_handled(monkeypatch: pytest.MonkeyPatch) -> None:
    handler = BatchHandler(wait_seconds=1.0)
    tasks = handler.add("ana", 1)
    sleep, arrivals, seconds = asyncio.sleep, [BURST_ITEMS, BURST_ITEMS, 5, 1], []

    async def sleep_while_items_arrive(wait: float) -> None:
        if wait:
            seconds.append(wait)
            tasks.extend(handler.add("ana", *range(arrivals.pop(0))))
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", sleep_while_items_arrive)
    await run_event_loop()
    await asyncio.gather(*tasks)
    assert seconds == [1, 1, 1, 2]
    assert [len(batch) for batch in handler.batches["ana"]] == [1 + 2 * BURST_ITEMS + 5 + 1]


async def test_no_two_batches_of_a_key_run_at_once() -> None:
    handler = BatchHandler()
    tasks = []
    for n in range(200):
        tasks += handler.add(f"key-{n % 3}", n)
        await run_event_loop(n % 4)
    await asyncio.gather(*tasks)
    assert handler.most_at_once == 1
    handled = [item for batches in handler.batches.values() for batch in batches for item in batch]
    assert sorted(handled) == list(range(200))
    assert [item for batch in handler.batches["key-1"] for item in batch] == list(range(1, 200, 3))


async def test_different_keys_do_not_wait_for_each_other() -> None:
    handler = BatchHandler()
    handler.opened.clear()
    tasks = handler.add("ana", 1) + handler.add("bo", 2)
    await run_event_loop()
    assert handler.keys_at_once == 2
    handler.opened.set()
    await asyncio.gather(*tasks)


async def test_a_failure_reaches_every_caller_of_its_batch_and_no_other() -> None:
    handler = BatchHandler()
    handler.fails[2] = ValueError("broken")
    outcomes = await asyncio.gather(
        *handler.add("ana", 1, 2), *handler.add("bo", 3), return_exceptions=True
    )
    assert [repr(outcome) for outcome in outcomes] == ["ValueError('broken')"] * 2 + ["None"]


async def test_after_a_failure_the_same_key_is_handled_again() -> None:
    handler = BatchHandler()
    handler.fails[1] = ValueError("broken")
    with pytest.raises(ValueError, match="broken"):
        await handler.debounce.add("ana", 1)
    await handler.debounce.add("ana", 2)
    assert handler.batches == {"ana": [[1], [2]]}


async def test_a_failure_does_not_reach_the_next_batch() -> None:
    handler = BatchHandler()
    handler.fails[1] = ValueError("broken")
    handler.opened.clear()
    first = handler.add("ana", 1)
    await run_event_loop()
    second = handler.add("ana", 2)
    await run_event_loop()
    handler.opened.set()
    outcomes = await asyncio.gather(*first, *second, return_exceptions=True)
    assert [repr(outcome) for outcome in outcomes] == ["ValueError('broken')", "None"]


async def test_an_item_whose_caller_was_cancelled_before_the_batch_is_not_handled() -> None:
    handler = BatchHandler(wait_seconds=0.02)
    cancelled, waiting = handler.add("ana", 1, 2)
    await run_event_loop()
    cancelled.cancel()
    await waiting
    assert handler.batches == {"ana": [[2]]}
    assert cancelled.cancelled()


async def test_a_caller_cancelled_during_a_batch_does_not_disturb_the_others() -> None:
    handler = BatchHandler()
    handler.opened.clear()
    cancelled, waiting = handler.add("ana", 1, 2)
    await run_event_loop()
    cancelled.cancel()
    await run_event_loop()
    handler.opened.set()
    await waiting
    assert handler.batches == {"ana": [[1, 2]]}


async def test_a_failure_reaches_the_callers_that_were_not_cancelled() -> None:
    handler = BatchHandler()
    handler.fails[2] = ValueError("broken")
    handler.opened.clear()
    cancelled, waiting = handler.add("ana", 1, 2)
    await run_event_loop()
    cancelled.cancel()
    await run_event_loop()
    handler.opened.set()
    with pytest.raises(ValueError, match="broken"):
        await waiting


async def test_when_all_callers_are_cancelled_the_key_becomes_free_again(
    manual_sleep: ManualSleep,
) -> None:
    handler = BatchHandler(wait_seconds=0.05)
    (cancelled,) = handler.add("ana", 1)
    await run_event_loop()
    cancelled.cancel()
    manual_sleep.over.set()
    await run_event_loop()
    await handler.debounce.add("ana", 2)
    assert handler.batches == {"ana": [[2]]}
