"""Training job pages: the schedule, a running job, and the outcomes of finished jobs."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.retrain.jobs.admin import JobAdmin, next_job_at
from services.retrain.jobs.settings import JobSettings
from shared.jobs.training_job import ModelFolder, TrainingJobRequest
from tests.unit.services.ops.site import NOW, site


def _write_job(root: Path, name: str, *, requested_at: datetime, **files: dict[str, Any]) -> None:
    folder = root / "training-jobs" / name
    (folder / "dataset").mkdir(parents=True)
    model = ModelFolder(folder=root, version="nano-1", kind="checkpoint")
    request = TrainingJobRequest(
        job=name,
        requested_at=requested_at,
        lake="lake",
        release=model,
        champion=model,
        minutes=60,
    )
    (folder / "request.json").write_text(request.model_dump_json())
    for file, content in files.items():
        (folder / file.replace("__", "/").replace("_json", ".json")).write_text(json.dumps(content))
    moment = requested_at.timestamp() + 5
    for file in folder.rglob("*"):
        os.utime(file, (moment, moment))


@pytest.fixture
def job_admin(tmp_path: Path) -> JobAdmin:
    _write_job(
        tmp_path, "nightly-2026-01-30", requested_at=NOW - timedelta(hours=7),
        spent_json={"seconds": 1500.0}, dataset__report_json={
            "verdict": "Enough to learn from.", "pairs": {"train": 1234}, "records": {},
        },
        end_json={"verdict": "kept", "reason": "It is <no> better.", "version": "nano-2"},
    )  # fmt: skip
    (tmp_path / "training-jobs" / "nightly-2026-01-30" / "sft.done.json").write_text(
        '{"seconds": 900}'
    )
    training = tmp_path / "training-jobs" / "manual-1" / "sft"
    training.mkdir(parents=True)
    (training / "curves.jsonl").write_text('{"step": 1, "loss": 3}\n{"step": 2, "loss": 2}\n')
    _write_job(
        tmp_path, "manual-1", requested_at=NOW - timedelta(seconds=20), spent_json={"seconds": 20}
    )
    _write_job(tmp_path, "nightly-2026-01-20", requested_at=NOW - timedelta(days=10))
    (tmp_path / "training-jobs" / "broken").mkdir()
    (tmp_path / "training-jobs" / "broken" / "request.json").write_text("{")
    return JobAdmin(JobSettings(data_dir=tmp_path), clock=lambda: NOW)


async def test_training_jobs_are_listed_newest_first_with_their_outcome(
    job_admin: JobAdmin,
) -> None:
    schedule = await job_admin.jobs()
    assert [(job.name, job.verdict) for job in schedule.jobs] == [
        ("manual-1", "running"),
        ("nightly-2026-01-30", "kept"),
        ("nightly-2026-01-20", "abandoned"),
    ]
    async with site(training_jobs=job_admin).client() as client:
        page = (await client.get("/training-jobs")).text
    assert "The next job starts at 2026-02-01 02:30:00 UTC" in page
    assert "champion kept" in page
    assert "abandoned" in page
    assert "It is &lt;no&gt; better." in page
    assert "20 s of 1 h" in page


async def test_a_training_job_is_shown_with_its_stages_and_its_data(job_admin: JobAdmin) -> None:
    async with site(training_jobs=job_admin).client() as client:
        page = (await client.get("/training-job?name=nightly-2026-01-30")).text
        unbuilt = (await client.get("/training-job?name=manual-1")).text
        missing = await client.get("/training-job?name=../training-jobs/manual-1")
    assert "Enough to learn from." in page
    assert "1,234" in page
    assert "15 min" in page
    assert "This job has no dataset." in unbuilt
    assert "Loss, from 3 at step 1 to 2 at step 2" in unbuilt
    assert '<h2 id="curves">' not in page
    assert missing.status_code == 404


async def test_a_site_without_job_folders_has_no_training_jobs_page() -> None:
    async with site().client() as client:
        assert (await client.get("/training-jobs")).status_code == 404


@pytest.mark.parametrize(
    ("at", "zone", "due"),
    [
        ("02:30", "UTC", datetime(2026, 2, 1, 2, 30, tzinfo=UTC)),
        ("11:00", "UTC", datetime(2026, 1, 31, 11, 0, tzinfo=UTC)),
        ("11:00", "Europe/Berlin", datetime(2026, 1, 31, 10, 0, tzinfo=UTC)),
        ("never", "UTC", None),
    ],
)
def test_the_next_job_starts_at_the_configured_time_in_the_configured_zone(
    at: str, zone: str, due: datetime | None
) -> None:
    assert next_job_at(JobSettings(night_at=at, night_timezone=zone), NOW) == due
