"""One nightly job a day, run by one instance; a killed job is resumed."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.retrain.jobs.dependencies import MANUAL_JOB, NIGHTLY, JobPlan, nightly_plan
from services.retrain.jobs.folders import JobFolders
from services.retrain.jobs.lock import job_lock
from services.retrain.jobs.training_process import TrainingStopped
from shared.vlm.settings import ModelSettings
from tests.unit.services.retrain.jobs.sample_jobs import TONIGHT, JobSetup, lines, value


@pytest.fixture
def setup(tmp_path: Path) -> JobSetup:
    return JobSetup(tmp_path)


def _unfinished(setup: JobSetup) -> bool:
    folders = JobFolders(setup.settings.jobs_dir)
    return folders.unfinished(NIGHTLY, now=setup.clock.now) is not None


def test_a_day_has_one_nightly_job_also_when_the_clock_jumps(setup: JobSetup) -> None:
    setup.runner().run(nightly_plan(setup.clock.now, starts="02:30"))
    setup.clock.now += timedelta(minutes=20)
    again = setup.runner().run(nightly_plan(setup.clock.now, starts="02:30"))
    assert (again.verdict, again.code, len(setup.training.folders)) == ("skipped", "done", 1)
    assert value(setup, "preferstream_training_jobs_skipped_total") == 1


def test_only_one_of_two_instances_runs_a_job(setup: JobSetup) -> None:
    other = []
    setup.training.action = lambda: other.append(setup.runner().run(TONIGHT))
    assert setup.runner().run(TONIGHT).verdict == "promoted"
    assert (other[0].verdict, other[0].code) == ("skipped", "held")
    assert "only one job runs at a time" in other[0].reason
    assert len(lines(setup)) == 1


def test_an_error_releases_the_lock(tmp_path: Path) -> None:
    now = datetime(2026, 1, 31, tzinfo=UTC)
    with pytest.raises(RuntimeError), job_lock(tmp_path, now=now):
        raise RuntimeError
    with job_lock(tmp_path, now=now):
        pass


class Killed(BaseException):
    """Like SIGKILL: no handler of ours catches it."""


def _kill_in_training(setup: JobSetup, plan: JobPlan = MANUAL_JOB) -> None:
    def die() -> None:
        raise Killed

    setup.training.action = die
    with pytest.raises(Killed):
        setup.runner().run(plan)


def test_a_killed_job_resumes_in_its_folder_with_its_request(setup: JobSetup) -> None:
    _kill_in_training(setup, TONIGHT)
    setup.clock.now += timedelta(hours=3)
    assert _unfinished(setup)
    setup.training.action = lambda: None
    outcome = setup.runner().run(TONIGHT)
    assert (outcome.verdict, len(set(setup.training.folders))) == ("promoted", 1)
    assert setup.training.request.requested_at == setup.clock.now - timedelta(hours=3)
    assert not _unfinished(setup)


def test_a_resumed_job_knows_how_its_adapters_are_served_now(setup: JobSetup) -> None:
    _kill_in_training(setup, TONIGHT)
    assert not setup.training.request.served_by_server
    setup.training.action = lambda: None
    setup.model = ModelSettings(model_server="http://127.0.0.1:8000")
    setup.runner().run(TONIGHT)
    assert setup.training.request.served_by_server


def test_a_job_killed_after_its_promotion_is_promoted_once(setup: JobSetup) -> None:
    setup.runner().run(TONIGHT)
    (setup.tmp_path / "training-jobs" / "nightly-2026-01-31" / "end.json").unlink()
    outcome = setup.runner().run(TONIGHT)
    assert (outcome.verdict, outcome.version, setup.promoted_versions) == (
        "promoted",
        "nano-4",
        ["nano-4"],
    )


def test_a_job_killed_before_its_promotion_is_promoted(setup: JobSetup) -> None:
    publish = setup.registry.topic.publish

    def die(event: object) -> None:
        raise Killed

    setup.registry.topic.publish = die  # type: ignore[method-assign]
    with pytest.raises(Killed):
        setup.runner().run(TONIGHT)
    setup.registry.topic.publish = publish  # type: ignore[method-assign]
    outcome = setup.runner().run(TONIGHT)
    assert (outcome.verdict, setup.promoted_versions) == ("promoted", ["nano-4"])


@pytest.mark.parametrize("hours", [21, -2])
def test_an_old_job_or_one_from_the_future_is_not_resumed(setup: JobSetup, hours: int) -> None:
    _kill_in_training(setup, TONIGHT)
    setup.clock.now += timedelta(hours=hours)
    assert not _unfinished(setup)


def test_an_unfinished_manual_job_does_not_replace_the_nightly_one(setup: JobSetup) -> None:
    _kill_in_training(setup)
    assert not _unfinished(setup)
    setup.training.action = lambda: None
    setup.runner().run(TONIGHT)
    assert setup.training.folders[-1].name == "nightly-2026-01-31"


def test_a_stopped_job_can_be_resumed(setup: JobSetup) -> None:
    def stopped() -> None:
        raise TrainingStopped("stopped by request")

    setup.training.action = stopped
    assert setup.runner().run(TONIGHT).verdict == "stopped"
    assert _unfinished(setup)
