"""The night comes at its time, by its name, and soon where one was cut off."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from prometheus_client import CollectorRegistry
from pydantic import ValidationError

from services.retrain.app import collector
from services.retrain.config import RetrainSettings
from services.retrain.jobs.app import NightWiring, night_jobs
from services.retrain.jobs.dependencies import scheduled
from services.retrain.jobs.metrics import NightMetrics
from services.retrain.jobs.schedule import Job
from services.retrain.jobs.settings import NightSettings
from services.retrain.jobs.training_process import NightStopped
from services.retrain.registry.settings import RegistrySettings
from shared.domain.clock import system_clock
from shared.messaging.client.settings import MessagingSettings
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.settings import ModelSettings
from tests.unit.services.retrain.jobs.sample_jobs import TONIGHT, Nights


@pytest.fixture
def nights(tmp_path: Path) -> Nights:
    return Nights(tmp_path)


def test_the_night_of_a_day_keeps_its_name_past_midnight_and_when_woken_early() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    late = datetime(2026, 2, 1, 0, 10, tzinfo=berlin)
    assert scheduled(late, begins="23:50").name == "night-2026-01-31"
    early = datetime(2026, 1, 31, 2, 29, 59, tzinfo=berlin)
    assert scheduled(early, begins="02:30").name == "night-2026-01-31"


def _jobs(tmp_path: Path, **settings: object) -> dict[str, Job]:
    wiring = NightWiring(
        NightSettings.model_validate({"data_dir": tmp_path, **settings}),
        RegistrySettings(),
        ModelSettings(model=tmp_path / "not_here"),
    )
    retrain, messaging = RetrainSettings(lake=str(tmp_path)), MessagingSettings(kafka_bootstrap_servers="none:1")
    collecting = collector(retrain, messaging, CollectorRegistry())
    metrics = NightMetrics(CollectorRegistry())
    return {job.name: job for job in night_jobs(collecting, retrain, wiring, messaging, metrics)}


def test_the_night_comes_at_half_past_two_unless_it_is_never(tmp_path: Path) -> None:
    night = _jobs(tmp_path, night_zone="Europe/Berlin")["night"]
    after = datetime(2026, 1, 31, 12, tzinfo=ZoneInfo("Europe/Berlin"))
    assert str(night.trigger.get_next_fire_time(None, after)) == "2026-02-01 02:30:00+01:00"
    assert night.first_after is None
    assert set(_jobs(tmp_path, night_at="never")) == {"canary"}


def test_a_night_that_was_killed_with_the_service_goes_on_soon_after_its_start(
    nights: Nights,
) -> None:
    def stopped() -> None:
        raise NightStopped("asked to end")

    nights.clock.now = system_clock()
    nights.training.does = stopped
    nights.night().run(TONIGHT)
    assert _jobs(nights.tmp_path)["night"].first_after is not None


def test_a_model_that_is_not_here_does_not_keep_the_service_from_collecting(
    tmp_path: Path,
) -> None:
    jobs = _jobs(tmp_path)
    assert jobs["canary"].run().verdict == "unknown"
    with pytest.raises(BadCheckpoint, match="not_here"):
        jobs["night"].run()


@pytest.mark.parametrize("wrong", [{"night_at": "2:30"}, {"night_zone": "Berlin"}])
def test_a_time_that_is_none_is_refused(tmp_path: Path, wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        NightSettings.model_validate(wrong)
