"""A machine with a simulated clock, on which the schedule of nightly training runs in no time."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

from services.retrain.jobs.dependencies import JobPlan
from services.retrain.jobs.factory import nightly_training
from services.retrain.jobs.runner import JobRunner
from services.retrain.jobs.schedule import Schedule, ScheduledTask
from services.retrain.jobs.settings import JobSettings

SLOWEST_STEP = timedelta(minutes=5)
"""A sleep of the schedule may last this long: the simulation needs few steps for a day."""


class _RecordedJobs:
    """A job runner that records the jobs that start, each name once, as the real one does."""

    def __init__(self, machine: "Machine") -> None:
        self._machine = machine

    def run(self, plan: JobPlan) -> None:
        self._machine.calls.append(plan.name or "")
        if plan.name not in self._machine.jobs:
            self._machine.jobs.append(plan.name or "")

    def stop(self) -> None:
        """Nothing to stop: a job ends at once."""


class Machine:
    """Runs the service from time to time, and sets its clock."""

    def __init__(self, folder: Path, *, at: str, zone: str, now: datetime) -> None:
        self.jobs: list[str] = []
        """Names of the jobs that started."""
        self.calls: list[str] = []
        """Names of the jobs that the schedule started, also repeated ones."""
        self._settings = JobSettings(data_dir=folder, night_at=at, night_timezone=zone)
        self._now = now.astimezone(UTC)
        self._monotonic = 0.0

    def set_clock(self, change: timedelta) -> None:
        """Change the wall clock; the monotonic clock continues."""
        self._now += change

    def off(self, duration: timedelta) -> None:
        """Let time pass while the service does not run."""
        self._now += duration
        self._monotonic += duration.total_seconds()

    def run_for(self, duration: timedelta) -> None:
        """Run the service with nightly training for this long."""
        task = nightly_training(
            lambda: cast("JobRunner", _RecordedJobs(self)), self._settings, clock=lambda: self._now
        )
        self.run_task_for(task, duration)

    def run_task_for(self, task: ScheduledTask, duration: timedelta) -> None:
        """Run a schedule with one task for this long."""
        asyncio.run(self._run(task, self._monotonic + duration.total_seconds()))

    async def _run(self, task: ScheduledTask, end: float) -> None:
        ended = asyncio.Event()

        async def sleep(seconds: float) -> None:
            if self._monotonic + seconds >= end:
                self.off(timedelta(seconds=end - self._monotonic))
                ended.set()
                await asyncio.Event().wait()
            step = min(SLOWEST_STEP.total_seconds(), end - self._monotonic)
            self.off(timedelta(seconds=max(step if seconds >= 30 else seconds, seconds)))
            await asyncio.sleep(0)

        monotonic: Callable[[], float] = lambda: self._monotonic  # noqa: E731  one value
        schedule = Schedule((task,), clock=lambda: self._now, sleep=sleep, monotonic=monotonic)
        schedule.start()
        await asyncio.wait_for(ended.wait(), 60)
        await schedule.stop()
