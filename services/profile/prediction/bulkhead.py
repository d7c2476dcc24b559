"""Limit the predictions at once; one that waits long for images makes room for the next."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

PATIENCE_SECONDS: Final = 0.3
"""Seconds that a prediction may wait for images and keep its place. The predictions behind it wait
no longer than this; eighty images from a quick host take less."""


class Bulkhead:
    """Two compartments (Nygard, *Release It!*, "Bulkheads"): a slow prediction moves to the second.

    Places of the first are given in the order of the requests. When the second is full too, a slow
    prediction keeps its place.
    """

    def __init__(
        self, *, places: int, slow_places: int, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        self._places = asyncio.Semaphore(places)
        self._free_slow_places = slow_places
        self._patience_seconds = patience_seconds

    @asynccontextmanager
    async def place(self) -> AsyncIterator["Place"]:
        """A place for one prediction, for the length of a block."""
        await self._places.acquire()
        place = Place(self, patience_seconds=self._patience_seconds)
        try:
            yield place
        finally:
            if place.is_slow:
                self._free_slow_places += 1
            else:
                self._places.release()

    def try_slow_place(self) -> bool:
        """Exchange a place for a slow one; False when none is free."""
        if self._free_slow_places == 0:
            return False
        self._free_slow_places -= 1
        self._places.release()
        return True


class Place:
    """The place of one prediction."""

    def __init__(self, bulkhead: Bulkhead, *, patience_seconds: float) -> None:
        self._bulkhead = bulkhead
        self._patience_seconds = patience_seconds
        self.is_slow = False

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Wait for images in this block: after the patience, the place becomes a slow one."""
        timer = asyncio.get_running_loop().call_later(self._patience_seconds, self._become_slow)
        try:
            yield
        finally:
            timer.cancel()

    def _become_slow(self) -> None:
        self.is_slow = self.is_slow or self._bulkhead.try_slow_place()
