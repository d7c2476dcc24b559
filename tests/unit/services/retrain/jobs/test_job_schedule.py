"""Schedule of nightly training: its time, its name, and the resumption of a killed job."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from prometheus_client import CollectorRegistry
from pydantic import ValidationError

from services.retrain.app import build_collector
from services.retrain.config import RetrainSettings
from services.retrain.jobs.dependencies import nightly_plan
from services.retrain.jobs.factory import scheduled_tasks
from services.retrain.jobs.metrics import JobMetrics
from services.retrain.jobs.schedule import ScheduledTask
from services.retrain.jobs.settings import JobSettings, TrainingSettings
from services.retrain.jobs.training_process import TrainingStopped
from services.retrain.registry.settings import RegistrySettings
from shared.domain.clock import system_clock
from shared.messaging.client.settings import MessagingSettings
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.settings import ModelSettings
from tests.unit.services.retrain.jobs.sample_jobs import TONIGHT, JobSetup


@pytest.fixture
def setup(tmp_path: Path) -> JobSetup:
    return JobSetup(tmp_path)


def test_the_job_of_a_day_keeps_its_name_after_midnight_and_when_started_early() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    late = datetime(2026, 2, 1, 0, 10, tzinfo=berlin)
    assert nightly_plan(late, starts="23:50").name == "nightly-2026-01-31"
    early = datetime(2026, 1, 31, 2, 29, 59, tzinfo=berlin)
    assert nightly_plan(early, starts="02:30").name == "nightly-2026-01-31"


def _tasks(tmp_path: Path, **settings: object) -> dict[str, ScheduledTask]:
    training = TrainingSettings(
        JobSettings.model_validate({"data_dir": tmp_path, **settings}),
        RegistrySettings(),
        ModelSettings(model=tmp_path / "missing"),
    )
    retrain = RetrainSettings(lake_uri=str(tmp_path))
    messaging = MessagingSettings(kafka_bootstrap_servers="none:1")
    event_collector = build_collector(retrain, messaging, CollectorRegistry())
    metrics = JobMetrics(CollectorRegistry())
    tasks = scheduled_tasks(event_collector, retrain, training, messaging, metrics)
    return {task.name: task for task in tasks}


def test_nightly_training_starts_at_02_30_unless_it_is_switched_off(tmp_path: Path) -> None:
    training = _tasks(tmp_path, night_timezone="Europe/Berlin")["training"]
    after = datetime(2026, 1, 31, 12, tzinfo=ZoneInfo("Europe/Berlin"))
    assert str(training.trigger.get_next_fire_time(None, after)) == "2026-02-01 02:30:00+01:00"
    assert training.first_after is None
    assert set(_tasks(tmp_path, night_at="never")) == {"canary"}


def test_a_job_that_was_killed_with_the_service_resumes_soon_after_the_start(
    setup: JobSetup,
) -> None:
    def stopped() -> None:
        raise TrainingStopped("stopped by request")

    setup.clock.now = system_clock()
    setup.training.action = stopped
    setup.runner().run(TONIGHT)
    assert _tasks(setup.tmp_path)["training"].first_after is not None


def test_a_missing_model_does_not_stop_the_service_from_collecting(
    tmp_path: Path,
) -> None:
    tasks = _tasks(tmp_path)
    assert tasks["canary"].run().verdict == "unknown"
    with pytest.raises(BadCheckpoint, match="missing"):
        tasks["training"].run()


@pytest.mark.parametrize("wrong", [{"night_at": "2:30"}, {"night_timezone": "Berlin"}])
def test_an_invalid_time_or_zone_is_rejected(tmp_path: Path, wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        JobSettings.model_validate(wrong)
