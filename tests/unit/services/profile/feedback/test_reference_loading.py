"""The best images are loaded, others take the places of failed and slow ones."""

import asyncio

from services.profile.feedback.reference_loading import load_best


class Loads:
    """Loads numbers; `fails` have no image, `slow` ones wait, `same` ones have one content."""

    def __init__(self) -> None:
        self.started: list[int] = []
        self.skipped: list[int] = []
        self.fails: set[int] = set()
        self.slow: set[int] = set()
        self.same: set[int] = set()
        self.release = asyncio.Event()
        self.ended: list[int] = []

    async def load(self, number: int) -> str | None:
        self.started.append(number)
        await asyncio.sleep(0)
        if number in self.slow:
            await self.release.wait()
        self.ended.append(number)
        if number in self.fails:
            return None
        return "same" if number in self.same else str(number)

    async def best(self, count: int, *, wanted: int) -> None:
        await load_best(
            range(count), wanted=wanted, load=self.load, skip=self.skipped.append,
            slow_seconds=0.02,
        )  # fmt: skip


async def test_only_as_many_images_as_wanted_are_loaded() -> None:
    loads = Loads()
    await loads.best(10, wanted=3)
    assert (loads.started, loads.skipped) == ([0, 1, 2], [3, 4, 5, 6, 7, 8, 9])


async def test_the_next_image_takes_the_place_of_a_failed_one() -> None:
    loads = Loads()
    loads.fails = {0, 2, 3}
    await loads.best(10, wanted=3)
    assert (loads.started, loads.skipped) == ([0, 1, 2, 3, 4, 5], [6, 7, 8, 9])


async def test_equal_images_count_once() -> None:
    loads = Loads()
    loads.same = {0, 1, 2}
    await loads.best(6, wanted=3)
    assert (loads.started, loads.skipped) == ([0, 1, 2, 3, 4], [5])


async def test_every_image_is_tried_when_all_fail() -> None:
    loads = Loads()
    loads.fails = set(range(50))
    await loads.best(50, wanted=3)
    assert (loads.started, loads.skipped) == (list(range(50)), [])


async def test_slow_images_keep_no_place_and_are_still_waited_for() -> None:
    loads = Loads()
    loads.slow = {0, 1, 2}
    loading = asyncio.create_task(loads.best(8, wanted=3))
    while not loads.skipped:  # noqa: ASYNC110 - a skipped image sets no event
        await asyncio.sleep(0.005)
    assert (loads.started, loads.skipped) == ([0, 1, 2, 3, 4, 5], [6, 7])
    assert not loading.done()
    loads.release.set()
    await loading
    assert sorted(loads.ended) == [0, 1, 2, 3, 4, 5]


async def test_a_cancelled_load_cancels_its_images() -> None:
    loads = Loads()
    loads.slow = {0, 1}
    loading = asyncio.create_task(loads.best(2, wanted=2))
    await asyncio.sleep(0.01)
    loading.cancel()
    await asyncio.gather(loading, return_exceptions=True)
    await asyncio.sleep(0.01)
    loads.release.set()
    await asyncio.sleep(0.01)
    assert loads.ended == []


async def test_no_image_is_no_work() -> None:
    loads = Loads()
    await loads.best(0, wanted=3)
    assert loads.started == []
