"""Run periodic jobs in threads, each one at a time."""

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
"""A run that was due while the machine was suspended is made up for, once, within an hour."""


@dataclass(frozen=True)
class Job:
    """A blocking function that runs periodically in its own thread."""

    name: str
    trigger: BaseTrigger
    run: Callable[[], Any]
    stop: Callable[[], None] = lambda: None
    """Asks the current run to end early."""
    first_after: timedelta | None = None
    """Time until the first run; None: the trigger's first time."""


class Schedule:
    """Runs the jobs of one process."""

    def __init__(self, jobs: tuple[Job, ...], *, clock: Clock) -> None:
        self.jobs = jobs
        self._clock = clock
        self._scheduler = AsyncIOScheduler(timezone="UTC")
        self._running: set[asyncio.Task[Any]] = set()

    def start(self) -> None:
        """Start the schedule on the running event loop."""
        for job in self.jobs:
            first = {"next_run_time": self._clock() + job.first_after} if job.first_after else {}
            self._scheduler.add_job(
                self._run, job.trigger, args=[job], id=job.name, coalesce=True, max_instances=1,
                misfire_grace_time=GRACE_SECONDS, **first,
            )  # fmt: skip
        self._scheduler.start()

    async def stop(self) -> None:
        """Start no more runs, ask the current runs to end, and wait for them."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        for job in self.jobs:
            job.stop()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _run(self, job: Job) -> None:
        # The scheduler cancels its own tasks when it shuts down, but a thread cannot be cancelled:
        # this task is not the scheduler's, and `stop` waits for it.
        task = asyncio.create_task(asyncio.to_thread(job.run))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        try:
            await asyncio.shield(task)
        except Exception:
            log.exception("the job %s failed; it runs again at its next scheduled time", job.name)
