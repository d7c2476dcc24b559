"""A clock that is set back loses no killed job, deletes no new one, and shows none as running."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from services.retrain.jobs.admin import JobAdmin
from services.retrain.jobs.dependencies import NIGHTLY
from services.retrain.jobs.folders import END, JobFolders
from services.retrain.jobs.training_process import TrainingStopped
from shared.domain.clock import system_clock
from tests.unit.services.retrain.jobs.sample_jobs import TONIGHT, JobSetup

HOUR = timedelta(hours=1)


@pytest.fixture
def setup(tmp_path: Path) -> JobSetup:
    return JobSetup(tmp_path)


def _stop_the_job(setup: JobSetup) -> None:
    def stopped() -> None:
        raise TrainingStopped("stopped by request")

    setup.training.action = stopped
    setup.runner().run(TONIGHT)


def test_a_killed_job_is_resumed_after_the_clock_was_set_back_an_hour(setup: JobSetup) -> None:
    _stop_the_job(setup)
    setup.clock.now -= HOUR
    folders = JobFolders(setup.settings.jobs_dir)
    assert folders.unfinished(NIGHTLY, now=setup.clock.now) is not None


def test_the_job_that_just_ended_is_kept_though_it_looks_oldest(tmp_path: Path) -> None:
    folders = JobFolders(tmp_path)
    ahead = (system_clock() + HOUR).timestamp()
    for number in range(3):
        (folders.create(f"nightly-2026-01-2{number}") / END).write_text("{}")
        os.utime(tmp_path / f"nightly-2026-01-2{number}" / END, (ahead, ahead))
    folders.create("nightly-2026-01-31")
    folders.close("nightly-2026-01-31", {"verdict": "kept"}, kept=2)
    assert folders.has_ended("nightly-2026-01-31")


async def test_a_killed_job_is_not_shown_as_running_after_the_clock_was_set_back(
    setup: JobSetup,
) -> None:
    setup.clock.now = system_clock()
    _stop_the_job(setup)
    admin = JobAdmin(setup.settings, clock=lambda: system_clock() - HOUR)
    (job,) = (await admin.jobs()).jobs
    assert job.verdict == "paused"
