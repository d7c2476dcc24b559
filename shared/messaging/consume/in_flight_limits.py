"""Limit the events in flight of one consumer: their number, and the bytes of their values."""

import asyncio
from collections import deque


class InFlightLimits:
    """A semaphore with two limits; waiting events are accepted in the order in which they came.

    One event is always accepted, however large it is.
    """

    def __init__(self, *, max_events: int, max_bytes: int) -> None:
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._events = 0
        self._bytes = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def acquire(self, size: int) -> None:
        """Wait until an event with `size` bytes fits, and count it."""
        if not self._waiting and self._fits(size):
            self._count(size)
            return
        accepted = asyncio.get_running_loop().create_future()
        waiting = (size, accepted)
        self._waiting.append(waiting)
        try:
            await accepted
        except asyncio.CancelledError:
            if accepted.done() and not accepted.cancelled():
                self.release(size)
            else:
                if waiting in self._waiting:
                    self._waiting.remove(waiting)
                self._accept_waiting()
            raise

    def release(self, size: int) -> None:
        """Give the place of an event back."""
        self._events -= 1
        self._bytes -= size
        self._accept_waiting()

    def _fits(self, size: int) -> bool:
        if self._events == 0:
            return True
        return self._events < self._max_events and self._bytes + size <= self._max_bytes

    def _count(self, size: int) -> None:
        self._events += 1
        self._bytes += size

    def _accept_waiting(self) -> None:
        while self._waiting and self._fits(self._waiting[0][0]):
            size, accepted = self._waiting.popleft()
            # A cancelled waiter removes itself from the queue only when its task runs.
            if not accepted.done():
                self._count(size)
                accepted.set_result(None)
