"""On Kubernetes, training job, retrain service and dashboard share the folder of training jobs."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from services.retrain.jobs.admin import next_job_at
from services.retrain.jobs.settings import JobSettings
from shared.settings import from_environment
from tests.integration.infra.chart import (
    LARGE,
    SMALL,
    mounts,
    named,
    of_kind,
    pods,
    render,
    variables,
)


@pytest.fixture(scope="module")
def large() -> list[dict[str, Any]]:
    return render(LARGE)


def test_the_dashboard_and_erasure_use_the_folder_of_the_training_job(
    large: list[dict[str, Any]],
) -> None:
    mounted = {}
    for name, pod in pods(large):
        folder = variables(large, pod).get("PREFERSTREAM_TRAINING_JOBS_DIR")
        if folder is not None:
            mounted[name.rpartition("-")[2]] = mounts(pod, folder)
    claim = "demo-preferstream-training-jobs"
    assert mounted == {"training": {claim: True}, "retrain": {claim: True}, "ops": {claim: False}}
    spec = named(large, "PersistentVolumeClaim", claim)["spec"]
    assert spec["accessModes"] == ["ReadWriteMany"]


def test_an_existing_volume_is_used() -> None:
    volume = {"storage": {"existingClaim": "shared-disk"}}
    resources = render({**SMALL, "training": volume, "models": volume["storage"]})
    assert not list(of_kind(resources, "PersistentVolumeClaim"))
    pod_by_name = dict(pods(resources))
    assert mounts(pod_by_name["demo-preferstream-ops"], "/data/training-jobs") == {
        "shared-disk": False
    }
    assert mounts(pod_by_name["demo-preferstream-ops"], "/data/models") == {"shared-disk": False}


@pytest.mark.parametrize("at", ["02:30", "00:05", "23:00"])
def test_the_dashboard_shows_when_the_job_runs(at: str, monkeypatch: pytest.MonkeyPatch) -> None:
    training = {"at": at, "timeZone": "Europe/Berlin", "minutes": 90, "hours": 2}
    resources = render({**SMALL, "training": training})
    pod_by_name = dict(pods(resources))
    ops = variables(resources, pod_by_name["demo-preferstream-ops"])
    for name, value in ops.items():
        monkeypatch.setenv(name, value)
    settings = from_environment(JobSettings)
    due = next_job_at(settings, datetime(2026, 1, 31, 12, tzinfo=UTC))
    assert due is not None
    job = named(resources, "CronJob", "demo-preferstream-training")["spec"]
    local = due.astimezone(ZoneInfo(job["timeZone"]))
    assert job["schedule"] == f"{local.minute} {local.hour} * * *"
    assert settings.training_minutes == 90
    trainer = variables(resources, pod_by_name["demo-preferstream-training"])
    assert float(trainer["PREFERSTREAM_TRAINING_MINUTES"]) == 90
    collecting = variables(resources, pod_by_name["demo-preferstream-retrain"])
    assert collecting["PREFERSTREAM_NIGHT_AT"] == "never"


def test_without_training_no_resource_mentions_training_jobs() -> None:
    resources = render({**SMALL, "training": {"enabled": False}})
    rendered = yaml.safe_dump(resources)
    assert "training-jobs" not in rendered
    assert "TRAINING_JOBS" not in rendered
    pod_by_name = dict(pods(resources))
    assert (
        variables(resources, pod_by_name["demo-preferstream-ops"])["PREFERSTREAM_NIGHT_AT"]
        == "never"
    )
