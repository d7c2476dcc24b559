"""What comes together is handled together, never two at a time for one key."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence

import pytest

from services.profile.debounce import Gathering


class Desk:
    """Handles batches, and sees how many of one key are in work at a time."""

    def __init__(self, *, wait_seconds: float = 0.0) -> None:
        self.batches: dict[str, list[list[int]]] = defaultdict(list)
        self.at_once: dict[str, int] = defaultdict(int)
        self.most_at_once = 0
        self.keys_at_once = 0
        self.opened = asyncio.Event()
        self.opened.set()
        self.fails: dict[int, Exception] = {}
        self.gathering: Gathering[str, int] = Gathering(self.handle, wait_seconds=wait_seconds)

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
        return [asyncio.create_task(self.gathering.add(key, item)) for item in items]


class Moment:
    """A wait that is over when a test says so, not when a busy machine gets to it."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self.asked: list[float] = []
        self._sleep = asyncio.sleep

    async def sleep(self, seconds: float) -> None:
        if seconds:
            self.asked.append(seconds)
            await self.over.wait()
        else:
            await self._sleep(0)


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> Moment:
    made = Moment()
    monkeypatch.setattr(asyncio, "sleep", made.sleep)
    return made


async def turns(count: int = 20) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_what_comes_together_is_handled_together_in_order() -> None:
    desk = Desk()
    await asyncio.gather(*desk.add("ana", 1, 2, 3))
    assert desk.batches == {"ana": [[1, 2, 3]]}


async def test_the_first_waits_for_those_that_come_soon(moment: Moment) -> None:
    desk = Desk(wait_seconds=0.05)
    first = desk.add("ana", 1)
    await turns()
    later = desk.add("ana", 2)
    await turns()
    assert desk.batches == {}
    moment.over.set()
    await asyncio.gather(*first, *later)
    assert desk.batches == {"ana": [[1, 2]]}
    assert moment.asked == [0.05]


async def test_what_comes_during_the_work_is_the_next_batch() -> None:
    desk = Desk()
    desk.opened.clear()
    first = desk.add("ana", 1)
    await turns()
    later = desk.add("ana", 2, 3)
    await turns()
    assert desk.batches == {"ana": [[1]]}
    assert not any(task.done() for task in first + later)
    desk.opened.set()
    await asyncio.gather(*first, *later)
    assert desk.batches == {"ana": [[1], [2, 3]]}
    assert desk.most_at_once == 1


async def test_there_are_never_two_at_a_time_for_one_key() -> None:
    desk = Desk()
    tasks = []
    for n in range(200):
        tasks += desk.add(f"key-{n % 3}", n)
        await turns(n % 4)
    await asyncio.gather(*tasks)
    assert desk.most_at_once == 1
    handled = [item for batches in desk.batches.values() for batch in batches for item in batch]
    assert sorted(handled) == list(range(200))
    assert [item for batch in desk.batches["key-1"] for item in batch] == list(range(1, 200, 3))


async def test_different_keys_do_not_wait_for_each_other() -> None:
    desk = Desk()
    desk.opened.clear()
    tasks = desk.add("ana", 1) + desk.add("bo", 2)
    await turns()
    assert desk.keys_at_once == 2
    desk.opened.set()
    await asyncio.gather(*tasks)


async def test_a_failure_reaches_every_caller_of_its_batch_and_no_other() -> None:
    desk = Desk()
    desk.fails[2] = ValueError("broken")
    outcomes = await asyncio.gather(
        *desk.add("ana", 1, 2), *desk.add("bo", 3), return_exceptions=True
    )
    assert [repr(one) for one in outcomes] == ["ValueError('broken')"] * 2 + ["None"]


async def test_after_a_failure_the_same_key_is_handled_again() -> None:
    desk = Desk()
    desk.fails[1] = ValueError("broken")
    with pytest.raises(ValueError, match="broken"):
        await desk.gathering.add("ana", 1)
    await desk.gathering.add("ana", 2)
    assert desk.batches == {"ana": [[1], [2]]}


async def test_a_failure_does_not_take_those_who_wait_behind_it_along() -> None:
    desk = Desk()
    desk.fails[1] = ValueError("broken")
    desk.opened.clear()
    first = desk.add("ana", 1)
    await turns()
    second = desk.add("ana", 2)
    await turns()
    desk.opened.set()
    outcomes = await asyncio.gather(*first, *second, return_exceptions=True)
    assert [repr(one) for one in outcomes] == ["ValueError('broken')", "None"]


async def test_what_a_caller_gave_up_before_the_work_is_not_handled() -> None:
    desk = Desk(wait_seconds=0.02)
    gone, stays = desk.add("ana", 1, 2)
    await turns()
    gone.cancel()
    await stays
    assert desk.batches == {"ana": [[2]]}
    assert gone.cancelled()


async def test_a_caller_who_gives_up_during_the_work_disturbs_nobody() -> None:
    desk = Desk()
    desk.opened.clear()
    gone, stays = desk.add("ana", 1, 2)
    await turns()
    gone.cancel()
    await turns()
    desk.opened.set()
    await stays
    assert desk.batches == {"ana": [[1, 2]]}


async def test_a_failure_reaches_those_who_stayed_when_others_gave_up() -> None:
    desk = Desk()
    desk.fails[2] = ValueError("broken")
    desk.opened.clear()
    gone, stays = desk.add("ana", 1, 2)
    await turns()
    gone.cancel()
    await turns()
    desk.opened.set()
    with pytest.raises(ValueError, match="broken"):
        await stays


async def test_when_all_callers_give_up_nothing_is_handled_and_the_key_is_free_again(
    moment: Moment,
) -> None:
    desk = Desk(wait_seconds=0.05)
    (gone,) = desk.add("ana", 1)
    await turns()
    gone.cancel()
    moment.over.set()
    await turns()
    await desk.gathering.add("ana", 2)
    assert desk.batches == {"ana": [[2]]}
