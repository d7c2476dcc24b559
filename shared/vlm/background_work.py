"""Let background work use the model while no request needs it, in one small batch at a time."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Pace:
    """How background work shares the model with the requests of users; times in seconds."""

    quiet_seconds: float = 0.2
    """Time without a request before a batch starts: the next page often follows at once."""
    max_pause_seconds: float = 10.0
    """Longest wait for a batch under constant load, so that background work still progresses."""
    batch_seconds: float = 0.25
    """Duration of a batch: a request that arrives in the middle of one waits no longer."""
    least_batch: int = 1
    """Items of the smallest batch, also where these take longer than `batch_seconds`. A model
    server computes requests next to a batch, so they do not wait for it."""

    def may_start(
        self, *, requests_waiting: int, idle_seconds: float, pause_seconds: float
    ) -> bool:
        """Whether the next batch may start now; there is never more than one.

        `idle_seconds`: time since the end of the last request. `pause_seconds`: time for which the
        batch has waited since the end of the last one.
        """
        if requests_waiting == 0 and idle_seconds >= self.quiet_seconds:
            return True
        return pause_seconds >= self.max_pause_seconds

    def batch_size(self, seconds_per_item: float | None, *, at_most: int) -> int:
        """Items that take about `batch_seconds`; the least batch while no item was measured."""
        least = min(self.least_batch, at_most)
        if seconds_per_item is None:
            return least
        if seconds_per_item * at_most <= self.batch_seconds:
            return at_most
        return max(least, int(self.batch_seconds / seconds_per_item))


DEFAULT_PACE: Final = Pace()


@dataclass
class Batch:
    """The permission for one batch of background work."""

    size: int
    """Most items of the batch."""
    done: int = 0
    """Items that were computed; the caller sets it, and the next size follows from the time."""
    under_load: bool = False
    """Whether requests were in work at the start: the longest wait was over."""


@dataclass
class WorkTotals:
    """What one kind of background work has done since the start."""

    items: int = 0
    items_under_load: int = 0
    """Those of batches that started while requests were in work."""
    seconds: float = 0.0


class BackgroundWork:
    """Decides when background work may use the model of this process.

    It knows the requests of this process alone. Where services run as processes of their own, a
    service without requests starts its batches at once; they stay small.
    """

    def __init__(
        self, pace: Pace = DEFAULT_PACE, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._pace = pace
        self._now = now
        self._requests = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._idle_since = float("-inf")
        self._last_end = float("-inf")
        self._one_batch = asyncio.Lock()
        self._seconds_per_item: dict[str, float] = {}
        self.totals: defaultdict[str, WorkTotals] = defaultdict(WorkTotals)
        """By kind of work."""

    @property
    def requests(self) -> int:
        """Requests of users that are in work now."""
        return self._requests

    @contextmanager
    def request(self) -> Iterator[None]:
        """Count a request of a user from its acceptance to its answer."""
        self._requests += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._requests -= 1
            if not self._requests:
                self._idle_since = self._now()
                self._idle.set()

    @asynccontextmanager
    async def batch(self, work: str, *, at_most: int) -> AsyncIterator[Batch]:
        """Wait until a batch may start, and hold off other background work until its end.

        `work` names the kind of work, such as "description": its speed is measured by that name.
        `at_most`: most items of the batch. Kinds of work that wait come one after the other.
        """
        waiting_since = self._now()
        async with self._one_batch:
            await self._may_start(waiting_since)
            speed = self._seconds_per_item.get(work)
            size = self._pace.batch_size(speed, at_most=at_most)
            batch = Batch(size, under_load=self._requests > 0)
            started_at = self._now()
            try:
                yield batch
            finally:
                self._last_end = self._now()
                self._count(work, batch, self._last_end - started_at)

    def _count(self, work: str, batch: Batch, seconds: float) -> None:
        """Add to the totals, and measure the speed.

        A slower batch counts at once, a faster one by half: items differ, such as known ones.
        """
        totals = self.totals[work]
        totals.seconds += seconds
        totals.items += batch.done
        totals.items_under_load += batch.done if batch.under_load else 0
        if batch.done:
            latest = seconds / batch.done
            before = self._seconds_per_item.get(work, latest)
            self._seconds_per_item[work] = max(latest, (before + latest) / 2)

    async def _may_start(self, waiting_since: float) -> None:
        while True:
            now = self._now()
            pause = now - max(waiting_since, self._last_end)
            idle = 0.0 if self._requests else now - self._idle_since
            if self._pace.may_start(
                requests_waiting=self._requests, idle_seconds=idle, pause_seconds=pause
            ):
                return
            seconds = self._pace.max_pause_seconds - pause
            if not self._requests:
                await asyncio.sleep(min(seconds, self._pace.quiet_seconds - idle))
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._idle.wait()
