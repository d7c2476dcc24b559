"""Predictions have a limited number of places; one that waits for images gives its place up."""

import asyncio

from services.profile.prediction.bulkhead import Bulkhead


class Work:
    """A prediction in a bulkhead that waits for images until the test releases it."""

    def __init__(self, bulkhead: Bulkhead) -> None:
        self.images = asyncio.Event()
        self.model = asyncio.Event()
        self.has_started = False
        self._bulkhead = bulkhead
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        async with self._bulkhead.place() as place:
            self.has_started = True
            with place.waiting():
                await self.images.wait()
            await self.model.wait()

    async def end(self) -> None:
        self.images.set()
        self.model.set()
        await self.task


async def pause() -> None:
    await asyncio.sleep(0.06)


async def test_predictions_start_in_order_and_no_more_than_the_places() -> None:
    bulkhead = Bulkhead(places=2, slow_places=0, patience_seconds=0.02)
    works = [Work(bulkhead) for _ in range(4)]
    await pause()
    assert [work.has_started for work in works] == [True, True, False, False]
    await works[1].end()
    await pause()
    assert [work.has_started for work in works] == [True, True, True, False]
    for work in works:
        await work.end()


async def test_a_prediction_that_waits_for_images_makes_room() -> None:
    bulkhead = Bulkhead(places=1, slow_places=2, patience_seconds=0.02)
    works = [Work(bulkhead) for _ in range(4)]
    await pause()
    await pause()
    assert [work.has_started for work in works] == [True, True, True, False]
    await works[0].end()
    await pause()
    assert works[3].has_started
    for work in works:
        await work.end()


async def test_a_prediction_that_waits_for_the_model_keeps_its_place() -> None:
    bulkhead = Bulkhead(places=1, slow_places=2, patience_seconds=0.02)
    first, second = Work(bulkhead), Work(bulkhead)
    first.images.set()
    await pause()
    assert not second.has_started
    for work in (first, second):
        await work.end()


async def test_all_places_are_free_again_after_slow_and_failed_predictions() -> None:
    bulkhead = Bulkhead(places=1, slow_places=1, patience_seconds=0.01)
    for _ in range(3):
        slow = Work(bulkhead)
        await pause()
        cancelled = Work(bulkhead)
        await asyncio.sleep(0)
        cancelled.task.cancel()
        await asyncio.gather(cancelled.task, return_exceptions=True)
        await slow.end()
    last = [Work(bulkhead), Work(bulkhead)]
    await pause()
    assert all(work.has_started for work in last)
    for work in last:
        await work.end()
