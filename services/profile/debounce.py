"""Debounce per key: collect what arrives for one key within a moment and handle it together."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Final, Generic, TypeVar

KeyT = TypeVar("KeyT", bound=Hashable)
ItemT = TypeVar("ItemT")


MAX_GROWTH: Final = 8
"""A batch waits at most this many times as long as the first one."""
BURST_ITEMS: Final = 100
"""More items than this within one wait are a burst. No user does so much within a moment: it is an
import or a fault, and others should not wait for predictions in the middle of it."""


class Debounce(Generic[KeyT, ItemT]):
    """One worker per key while the key has items, so no two batches of a key run at once.

    The first item of a key waits `wait_seconds` for more; items that arrive while a batch is
    handled form the next batch. While the items of a key keep coming, each batch waits twice as
    long as the one before, and a burst of thousands becomes one or two batches.
    """

    def __init__(
        self,
        handle: Callable[[KeyT, Sequence[ItemT]], Awaitable[None]],
        *,
        wait_seconds: float,
    ) -> None:
        self._handle = handle
        self._wait_seconds = wait_seconds
        self._waiting: dict[KeyT, list[tuple[ItemT, asyncio.Future[None]]]] = {}
        self._workers: dict[KeyT, asyncio.Task[None]] = {}

    async def add(self, key: KeyT, item: ItemT) -> None:
        """Return when the item's batch has been handled; raises what the handler raised."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, []).append((item, done))
        if key not in self._workers:
            self._workers[key] = asyncio.create_task(self._work(key))
        await done

    async def _work(self, key: KeyT) -> None:
        try:
            wait_seconds = self._wait_seconds
            while key in self._waiting:
                await self._collect(key, wait_seconds)
                await self._handle_batch(key, self._waiting.pop(key))
                wait_seconds = min(wait_seconds * 2, self._wait_seconds * MAX_GROWTH)
        finally:
            del self._workers[key]

    async def _collect(self, key: KeyT, wait_seconds: float) -> None:
        """Wait for more items, and again while a burst comes in."""
        for waits in range(MAX_GROWTH):
            before = len(self._waiting[key])
            await asyncio.sleep(wait_seconds)
            if len(self._waiting[key]) - before < BURST_ITEMS:
                if waits > 0:
                    # The keys that came behind the burst are handled first.
                    await asyncio.sleep(wait_seconds * 2)
                return

    async def _handle_batch(
        self, key: KeyT, batch: list[tuple[ItemT, asyncio.Future[None]]]
    ) -> None:
        # An item whose caller was cancelled is left out; Kafka delivers its event again.
        waiting = [(item, done) for item, done in batch if not done.done()]
        try:
            if waiting:
                await self._handle(key, [item for item, _ in waiting])
        except Exception as error:
            for _, done in waiting:
                if not done.done():
                    done.set_exception(error)
        else:
            for _, done in waiting:
                if not done.done():
                    done.set_result(None)
