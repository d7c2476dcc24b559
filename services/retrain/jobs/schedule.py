"""Run periodic tasks in threads, each one at a time."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from shared.domain.clock import Clock

log = logging.getLogger(__name__)
GRACE_SECONDS = 3_600
"""Seconds within which a run that was due while the machine was suspended still starts, once."""


@dataclass(frozen=True)
class ScheduledTask:
    """A blocking function that runs periodically in its own thread."""

    name: str
    trigger: BaseTrigger
    run: Callable[[], Any]
    stop: Callable[[], None] = lambda: None
    """Asks the current run to end early."""
    first_after: timedelta | None = None
    """Time until the first run; None: the trigger's first time."""


class Schedule:
    """Runs the tasks of one process."""

    def __init__(self, tasks: tuple[ScheduledTask, ...], *, clock: Clock) -> None:
        self.tasks = tasks
        self._clock = clock
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._running: set[asyncio.Task[Any]] = set()

    def start(self) -> None:
        """Start the schedule on the running event loop."""
        for task in self.tasks:
            first = {"next_run_time": self._clock() + task.first_after} if task.first_after else {}
            self._scheduler.add_job(
                self._run, task.trigger, args=[task], id=task.name, coalesce=True, max_instances=1,
                misfire_grace_time=GRACE_SECONDS, **first,
            )  # fmt: skip
        self._scheduler.start()

    async def stop(self) -> None:
        """Start no more runs, ask the current runs to end, and wait for them."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        for task in self.tasks:
            task.stop()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _run(self, task: ScheduledTask) -> None:
        # The scheduler cancels its own tasks when it shuts down, but a thread cannot be cancelled:
        # this run is not a task of the scheduler, and `stop` waits for it.
        run = asyncio.create_task(asyncio.to_thread(task.run))
        self._running.add(run)
        run.add_done_callback(self._running.discard)
        try:
            await asyncio.shield(run)
        except Exception:
            log.exception("the task %s failed; it runs again at its next scheduled time", task.name)
