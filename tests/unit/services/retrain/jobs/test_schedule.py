"""Jobs run periodically, do not overlap, survive a failure, and are waited for at the end."""

import asyncio
import logging
import threading
import time
from datetime import timedelta

import pytest
from apscheduler.triggers.interval import IntervalTrigger

from services.retrain.jobs.schedule import Schedule, ScheduledTask
from shared.domain.clock import system_clock

SOON = timedelta(milliseconds=10)


def _every(seconds: float) -> IntervalTrigger:
    return IntervalTrigger(seconds=seconds, timezone="UTC")


async def test_a_job_runs_again_after_a_failure(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.CRITICAL)
    runs: list[float] = []
    third_run = threading.Event()

    def fail() -> None:
        runs.append(time.monotonic())
        if len(runs) == 3:
            third_run.set()
        raise RuntimeError("a bug")

    schedule = Schedule(
        (ScheduledTask("j", _every(0.05), fail, first_after=SOON),), clock=system_clock
    )
    schedule.start()
    assert await asyncio.to_thread(third_run.wait, 10)
    await schedule.stop()
    runs_at_stop = len(runs)
    await asyncio.sleep(0.15)
    assert len(runs) == runs_at_stop


async def test_a_long_run_does_not_overlap_and_a_stop_waits_for_its_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.CRITICAL)
    stop, began = threading.Event(), threading.Event()
    active, most, ended = [0], [0], []

    def work() -> None:
        began.set()
        active[0] += 1
        most[0] = max(most[0], active[0])
        stop.wait(10)
        active[0] -= 1
        ended.append(True)

    job = ScheduledTask("j", _every(0.02), work, stop=stop.set, first_after=SOON)
    schedule = Schedule((job,), clock=system_clock)
    schedule.start()
    assert await asyncio.to_thread(began.wait, 10)
    await asyncio.sleep(0.2)
    await schedule.stop()
    assert most == [1]
    assert ended == [True]
