"""Limit the predictions at once; one that waits long for images makes room for the next."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

PATIENCE_SECONDS: Final = 0.3
"""Seconds that a prediction may wait for images and keep its place. The predictions behind it wait
no longer than this; eighty images from a quick host take less."""


class Place:
    """The place of one prediction."""

    def __init__(self, bulkhead: "Bulkhead") -> None:
        self._bulkhead = bulkhead
        self.is_slow = False

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Wait for images in this block: after the patience, the place becomes a slow one."""
        with self._bulkhead.waiting(self):
            yield


class Bulkhead:
    """Two compartments (Nygard, *Release It!*, "Bulkheads"): a slow prediction moves to the second.

    Places of the first are given in the order of the requests. While the second is full too, a slow
    prediction keeps its place.
    """

    def __init__(
        self, *, places: int, slow_places: int, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        self._places = asyncio.Semaphore(places)
        self._free_slow_places = slow_places
        self._patience_seconds = patience_seconds
        self._overdue: dict[Place, None] = {}
        """Places that should be slow ones, the oldest first."""

    @asynccontextmanager
    async def place(self) -> AsyncIterator[Place]:
        """A place for one prediction, for the length of a block."""
        await self._places.acquire()
        place = Place(self)
        try:
            yield place
        finally:
            if place.is_slow:
                self._free_slow_places += 1
                self._move_overdue()
            else:
                self._places.release()

    @contextmanager
    def waiting(self, place: Place) -> Iterator[None]:
        """The part of a prediction that waits for images."""
        loop = asyncio.get_running_loop()
        timer = loop.call_later(self._patience_seconds, self._is_overdue, place)
        try:
            yield
        finally:
            timer.cancel()
            self._overdue.pop(place, None)

    def _is_overdue(self, place: Place) -> None:
        if not place.is_slow:
            self._overdue[place] = None
            self._move_overdue()

    def _move_overdue(self) -> None:
        while self._overdue and self._free_slow_places:
            place = next(iter(self._overdue))
            del self._overdue[place]
            place.is_slow = True
            self._free_slow_places -= 1
            self._places.release()
