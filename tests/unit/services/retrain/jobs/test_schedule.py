"""Jobs run at their times, one at a time, survive a failure, and are waited for in the end."""

import asyncio
import logging
import threading
import time
from datetime import timedelta

import pytest
from apscheduler.triggers.interval import IntervalTrigger

from services.retrain.jobs.schedule import Job, Schedule
from shared.domain.clock import system_clock

SOON = timedelta(milliseconds=10)


def _every(seconds: float) -> IntervalTrigger:
    return IntervalTrigger(seconds=seconds, timezone="UTC")


async def test_a_job_runs_soon_and_again_also_after_it_failed(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.CRITICAL)
    runs: list[float] = []
    thrice = threading.Event()

    def fail() -> None:
        runs.append(time.monotonic())
        if len(runs) == 3:
            thrice.set()
        raise RuntimeError("a bug")

    schedule = Schedule((Job("j", _every(0.05), fail, first_after=SOON),), clock=system_clock)
    schedule.start()
    assert await asyncio.to_thread(thrice.wait, 10)
    await schedule.stop()
    ended_with = len(runs)
    await asyncio.sleep(0.15)
    assert len(runs) == ended_with


async def test_a_long_run_is_not_overlapped_and_is_asked_to_end_and_waited_for(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.CRITICAL)
    told, began = threading.Event(), threading.Event()
    at_once, most, ended = [0], [0], []

    def work() -> None:
        began.set()
        at_once[0] += 1
        most[0] = max(most[0], at_once[0])
        told.wait(10)
        at_once[0] -= 1
        ended.append(True)

    job = Job("j", _every(0.02), work, stop=told.set, first_after=SOON)
    schedule = Schedule((job,), clock=system_clock)
    schedule.start()
    assert await asyncio.to_thread(began.wait, 10)
    await asyncio.sleep(0.2)
    await schedule.stop()
    assert most == [1]
    assert ended == [True]
