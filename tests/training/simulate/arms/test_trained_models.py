"""The arms find the models of a recording: those that served, and those that nights left."""

import json
from pathlib import Path

import pytest

from tests.training.simulate.arms.recordings import recorded
from training.simulate.arms.record import record
from training.simulate.arms.recorded_days import Recording
from training.simulate.arms.trained_models import (
    latest_model,
    release_folder,
    serving_model,
    version_of,
)

NIGHTS = (
    {"verdict": "kept", "code": "no_signal", "version": "night-1", "job": "job-1"},
    {"verdict": "kept", "code": "no_time", "version": "", "job": "job-2"},
    {"verdict": "promoted", "code": "better", "version": "night-3", "job": "job-3"},
)


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    """Three nights: one challenger that was kept back, none, and one that was promoted."""
    recording = recorded(tmp_path / "seed-1", days=4)
    for number, night in enumerate(NIGHTS, start=1):
        outcome = night | {"reason": "because"}
        (recording.folder / f"job-{number:02d}.json").write_text(json.dumps(outcome))
        if night["version"]:
            folder = recording.data_dir / "models" / night["version"]
            folder.mkdir(parents=True)
            (folder / "manifest.json").write_text(json.dumps({"version": night["version"]}))
    job = recording.data_dir / "training-jobs" / "job-1"
    job.mkdir(parents=True)
    (job / "request.json").write_text(json.dumps({"minutes": 5.0, "methods": ["sft"]}))
    result = {"reason": "SFT 12 steps", "seconds": {"1-dataset": 45.4}, "counts": {"train": 323}}
    (job / "result.json").write_text(json.dumps(result))
    return recording


def test_the_latest_adapter_is_that_of_the_last_night_that_trained_one(
    recording: Recording,
) -> None:
    release = version_of(release_folder(recording))
    versions = [
        model.version if (model := latest_model(recording, day)) else None for day in range(4)
    ]
    # The second night trained nothing, so that the challenger before it stays.
    assert versions == [release, "night-1", "night-1", "night-3"]
    adapter = latest_model(recording, 1)
    assert adapter is not None
    assert adapter.adapter == recording.data_dir / "models" / "night-1"
    (recording.data_dir / "models" / "night-3" / "manifest.json").unlink()
    assert latest_model(recording, 3) is None


def test_the_serving_model_is_that_of_the_visits(recording: Recording) -> None:
    served = [visit | {"model_version": "night-3"} for visit in recording.day(3)["visits"]]
    (recording.folder / "day-03.json").write_text(json.dumps({"visits": served}))
    model = serving_model(recording, 3)
    assert model is not None
    assert (model.version, model.adapter) == ("night-3", recording.data_dir / "models" / "night-3")
    assert serving_model(recording, 0) is None


def test_a_record_says_what_each_night_was_given_and_learned_from(recording: Recording) -> None:
    days = record(recording)["days"]
    first, second = days[0]["job"], days[1]["job"]
    assert (first["minutes"], first["methods"], first["training"]) == (5.0, "sft", "SFT 12 steps")
    assert first["counts"] == {"train": 323}
    assert (second["code"], second["minutes"], second["training"]) == ("no_time", None, "")
    assert "job" not in days[3]
    assert "minutes" not in record(recording)["options"]
    assert str(recording.folder) not in json.dumps(record(recording))
