"""Nights on the dashboard: the schedule, one that runs, and what the others came to."""

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


def _night(root: Path, name: str, *, asked_at: datetime, **files: dict[str, Any]) -> None:
    folder = root / "nights" / name
    (folder / "dataset").mkdir(parents=True)
    model = ModelFolder(folder=root, version="nano-1", kind="checkpoint")
    request = TrainingJobRequest(
        night=name, asked_at=asked_at, lake="lake", release=model, champion=model, minutes=60
    )
    (folder / "request.json").write_text(request.model_dump_json())
    for file, told in files.items():
        (folder / file.replace("__", "/").replace("_json", ".json")).write_text(json.dumps(told))
    moment = asked_at.timestamp() + 5
    for file in folder.rglob("*"):
        os.utime(file, (moment, moment))


@pytest.fixture
def desk(tmp_path: Path) -> JobAdmin:
    _night(
        tmp_path, "night-2026-01-30", asked_at=NOW - timedelta(hours=7),
        spent_json={"seconds": 1500.0}, dataset__report_json={
            "verdict": "Enough to learn from.", "pairs": {"train": 1234}, "records": {},
        },
        end_json={"verdict": "kept", "reason": "It is <no> better.", "version": "nano-2"},
    )  # fmt: skip
    (tmp_path / "nights" / "night-2026-01-30" / "sft.done.json").write_text('{"seconds": 900}')
    training = tmp_path / "nights" / "now-1" / "sft"
    training.mkdir(parents=True)
    (training / "curves.jsonl").write_text('{"step": 1, "loss": 3}\n{"step": 2, "loss": 2}\n')
    _night(tmp_path, "now-1", asked_at=NOW - timedelta(seconds=20), spent_json={"seconds": 20})
    _night(tmp_path, "night-2026-01-20", asked_at=NOW - timedelta(days=10))
    (tmp_path / "nights" / "broken").mkdir()
    (tmp_path / "nights" / "broken" / "request.json").write_text("{")
    return JobAdmin(JobSettings(data_dir=tmp_path), clock=lambda: NOW)


async def test_nights_are_listed_the_newest_first_with_their_outcome(desk: JobAdmin) -> None:
    found = await desk.nights()
    assert [(one.name, one.verdict) for one in found.nights] == [
        ("now-1", "running"),
        ("night-2026-01-30", "kept"),
        ("night-2026-01-20", "given_up"),
    ]
    async with site(nights=desk).client() as client:
        page = (await client.get("/nights")).text
    assert "The next is due 2026-02-01 02:30:00 UTC" in page
    assert "It is &lt;no&gt; better." in page
    assert "20 s of 1 h" in page


async def test_a_night_is_shown_with_its_time_and_its_data(desk: JobAdmin) -> None:
    async with site(nights=desk).client() as client:
        page = (await client.get("/night?name=night-2026-01-30")).text
        unbuilt = (await client.get("/night?name=now-1")).text
        missing = await client.get("/night?name=../nights/now-1")
    assert "Enough to learn from." in page
    assert "1,234" in page
    assert "15 min" in page
    assert "No dataset was built." in unbuilt
    assert "Loss, from 3 at step 1 to 2 at step 2" in unbuilt
    assert '<h2 id="learning">' not in page
    assert missing.status_code == 404


async def test_without_the_trainings_folders_there_is_no_page() -> None:
    async with site().client() as client:
        assert (await client.get("/nights")).status_code == 404


@pytest.mark.parametrize(
    ("at", "zone", "due"),
    [
        ("02:30", "UTC", datetime(2026, 2, 1, 2, 30, tzinfo=UTC)),
        ("11:00", "UTC", datetime(2026, 1, 31, 11, 0, tzinfo=UTC)),
        ("11:00", "Europe/Berlin", datetime(2026, 1, 31, 10, 0, tzinfo=UTC)),
        ("never", "UTC", None),
    ],
)
def test_the_next_night_is_told_in_the_settings_zone(
    at: str, zone: str, due: datetime | None
) -> None:
    assert next_job_at(JobSettings(night_at=at, night_timezone=zone), NOW) == due
