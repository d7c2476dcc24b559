"""Training curves are kept when their folders are deleted, and torn lines are skipped."""

import json
from pathlib import Path

import pytest

from services.retrain.jobs.folders import JobFolders
from services.retrain.jobs.training_curves import MAX_POINTS, keep_curves, read_curves


def _trained(job: Path, stage: str, *lines: str) -> Path:
    folder = job / stage
    folder.mkdir(parents=True)
    (folder / "curves.jsonl").write_text("".join(f"{line}\n" for line in lines))
    return job


def _line(step: int, **measures: float) -> str:
    return json.dumps({"step": step, **measures})


def test_the_curves_of_a_running_job_can_be_read(tmp_path: Path) -> None:
    job = _trained(tmp_path, "sft", _line(1, loss=2.0), _line(2, loss=1.5), '{"step": 3, "lo')
    assert read_curves(job) == {"sft": [{"step": 1, "loss": 2.0}, {"step": 2, "loss": 1.5}]}


def test_the_curves_stay_when_a_job_is_closed(tmp_path: Path) -> None:
    folders = JobFolders(tmp_path)
    job = _trained(folders.create("manual-1"), "grpo", _line(1, reward=0.2), _line(2, reward=0.4))
    before = read_curves(job)
    folders.close("manual-1", {"verdict": "kept"}, kept=5)
    assert not (job / "grpo").exists()
    assert read_curves(job) == before


def test_the_curves_are_copied_to_a_version(tmp_path: Path) -> None:
    job = _trained(tmp_path / "job", "sft", _line(1, loss=1.0))
    (tmp_path / "version").mkdir()
    keep_curves(job, to=tmp_path / "version")
    assert read_curves(tmp_path / "version") == read_curves(job) != {}


def test_a_long_curve_is_reduced_to_the_largest_number_of_points(tmp_path: Path) -> None:
    job = _trained(tmp_path, "sft", *(_line(n, loss=1 / (n + 1)) for n in range(5_000)))
    steps = [row["step"] for row in read_curves(job)["sft"]]
    assert len(steps) <= MAX_POINTS
    assert steps == sorted(steps)
    assert steps[-1] > 4_900


@pytest.mark.parametrize("text", ["", "null", "[1]", "x", '{"loss": 1}', '{"step": 1, "loss": NaN'])
def test_a_line_without_a_step_is_left_out(tmp_path: Path, text: str) -> None:
    assert read_curves(_trained(tmp_path, "sft", text)) == {}
