"""Run periodic tasks in threads, each one at a time.

The times come from triggers of APScheduler, but not the scheduler: it stores the next time of every
task by the wall clock. After a clock was set back it would wait for that time again, and a task of
every 15 minutes would pause for as long as the clock was set back.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.interval import IntervalTrigger

from shared.domain.clock import Clock

log = logging.getLogger(__name__)
LATE_FOR: Final = timedelta(hours=4)
"""How late a run may start that was due while the machine was suspended or restarted: as long as a
training job with the default budget would still run. Later, users wait for feeds."""
CHECK_SECONDS: Final = 30.0
"""The clock is read at least this often, because it may be set while a task waits for its time."""
FAR_AHEAD: Final = timedelta(days=1)
"""A time that was handled, and is so far ahead, came from a wrong clock: it is forgotten."""


@dataclass(frozen=True)
class ScheduledTask:
    """A blocking function that runs periodically in its own thread."""

    name: str
    trigger: BaseTrigger
    """An interval, measured by the monotonic clock, or times of the wall clock."""
    run: Callable[[], Any]
    stop: Callable[[], None] = lambda: None
    """Asks the current run to end early."""
    first_after: timedelta | None = None
    """Time until the first run; None: the trigger's first time."""
    handled_until: datetime | None = None
    """The time up to which the trigger's times were handled before; None: now."""


class Schedule:
    """Runs the tasks of one process."""

    def __init__(
        self,
        tasks: tuple[ScheduledTask, ...],
        *,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.tasks = tasks
        self._clock = clock
        self._sleep = sleep
        self._monotonic = monotonic
        self._loops: list[asyncio.Task[None]] = []
        self._running: set[asyncio.Task[Any]] = set()

    def start(self) -> None:
        """Start the schedule on the running event loop."""
        self._loops = [asyncio.create_task(self._repeat(task)) for task in self.tasks]
        for loop in self._loops:
            loop.add_done_callback(_log_failure)

    async def stop(self) -> None:
        """Start no more runs, ask the current runs to end, and wait for them."""
        for loop in self._loops:
            loop.cancel()
        for task in self.tasks:
            task.stop()
        await asyncio.gather(*self._loops, *self._running, return_exceptions=True)

    async def _repeat(self, task: ScheduledTask) -> None:
        started = self._clock()
        handled = task.handled_until or started
        if task.first_after is not None:
            await self._sleep(task.first_after.total_seconds())
            await self._run(task)
            handled = max(handled, started)
        if isinstance(task.trigger, IntervalTrigger):
            await self._repeat_at_intervals(task, task.trigger.interval.total_seconds())
        else:
            await self._repeat_at_times(task, handled)

    async def _repeat_at_intervals(self, task: ScheduledTask, seconds: float) -> None:
        """Each run begins a whole number of intervals after the first wait began."""
        due = self._monotonic()
        while True:
            now = self._monotonic()
            # A run that took longer than the interval skips the times that it overlapped.
            due += seconds * (max(now - due, 0.0) // seconds + 1)
            await self._sleep(due - now)
            await self._run(task)

    async def _repeat_at_times(self, task: ScheduledTask, handled: datetime) -> None:
        """Run at each time of the trigger once, although the clock may be set while it waits."""
        while True:
            now = self._clock()
            if handled - now > FAR_AHEAD:
                log.warning("the clock was set back from %s to %s", handled, now)
                handled = now
            due = latest_due(task.trigger, after=handled, now=now)
            if due is not None:
                handled = due
                if now - due <= LATE_FOR:
                    await self._run(task)
                else:
                    log.warning("the task %s was due at %s, which is too long ago", task.name, due)
                continue
            next_time = task.trigger.get_next_fire_time(None, max(handled, now))
            wait = CHECK_SECONDS if next_time is None else (next_time - now).total_seconds()
            await self._sleep(min(max(wait, 0.0), CHECK_SECONDS))

    async def _run(self, task: ScheduledTask) -> None:
        # A thread cannot be cancelled: `stop` cancels the loop of the task, and waits for this run.
        run = asyncio.create_task(asyncio.to_thread(task.run))
        self._running.add(run)
        run.add_done_callback(self._running.discard)
        try:
            await asyncio.shield(run)
        except Exception:
            log.exception("the task %s failed; it runs again at its next scheduled time", task.name)


def _log_failure(loop: asyncio.Task[None]) -> None:
    if not loop.cancelled() and (error := loop.exception()) is not None:
        log.critical("a task is no longer scheduled", exc_info=error)


def latest_due(trigger: BaseTrigger, *, after: datetime, now: datetime) -> datetime | None:
    """The latest time of a trigger after `after` and not after `now`; None if there is none."""
    latest = None
    due = trigger.get_next_fire_time(None, after)
    while due is not None and due <= now:
        latest = due
        due = trigger.get_next_fire_time(due, due)
    return latest
