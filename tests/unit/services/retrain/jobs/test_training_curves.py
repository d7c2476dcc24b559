"""Curves outlive the folders that trainings work in, and are read whatever a kill has left."""

import json
from pathlib import Path

import pytest

from services.retrain.jobs.folders import NightFolders
from services.retrain.jobs.training_curves import MOST_POINTS, keep_curves, read_curves


def _trained(night: Path, training: str, *lines: str) -> Path:
    folder = night / training
    folder.mkdir(parents=True)
    (folder / "curves.jsonl").write_text("".join(f"{line}\n" for line in lines))
    return night


def _line(step: int, **measures: float) -> str:
    return json.dumps({"step": step, **measures})


def test_a_running_night_shows_how_far_it_has_learned(tmp_path: Path) -> None:
    night = _trained(tmp_path, "sft", _line(1, loss=2.0), _line(2, loss=1.5), '{"step": 3, "lo')
    assert read_curves(night) == {"sft": [{"step": 1, "loss": 2.0}, {"step": 2, "loss": 1.5}]}


def test_the_curves_stay_when_a_night_is_closed_and_its_trainings_go(tmp_path: Path) -> None:
    folders = NightFolders(tmp_path)
    night = _trained(folders.new("now-1"), "grpo", _line(1, reward=0.2), _line(2, reward=0.4))
    before = read_curves(night)
    folders.close("now-1", {"verdict": "kept"}, kept=5)
    assert not (night / "grpo").exists()
    assert read_curves(night) == before


def test_a_version_gets_a_copy(tmp_path: Path) -> None:
    night = _trained(tmp_path / "night", "sft", _line(1, loss=1.0))
    (tmp_path / "version").mkdir()
    keep_curves(night, to=tmp_path / "version")
    assert read_curves(tmp_path / "version") == read_curves(night) != {}


def test_a_long_training_is_thinned_out(tmp_path: Path) -> None:
    night = _trained(tmp_path, "sft", *(_line(n, loss=1 / (n + 1)) for n in range(5_000)))
    steps = [row["step"] for row in read_curves(night)["sft"]]
    assert len(steps) <= MOST_POINTS
    assert steps == sorted(steps)
    assert steps[-1] > 4_900


@pytest.mark.parametrize("text", ["", "null", "[1]", "x", '{"loss": 1}', '{"step": 1, "loss": NaN'])
def test_what_is_no_measure_is_left_out(tmp_path: Path, text: str) -> None:
    assert read_curves(_trained(tmp_path, "sft", text)) == {}
