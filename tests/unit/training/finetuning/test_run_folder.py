"""A run folder belongs to one configuration and resumes from its newest complete checkpoint."""

from pathlib import Path

import pytest

from training.finetuning.run.config import BadConfig, GrpoConfig, Run, SftConfig
from training.finetuning.run.run_folder import STATE, Progress, RunFolder
from training.finetuning.run.training_curves import CurveFile, flat, numbers


def sft(folder: Path, **run: object) -> SftConfig:
    return SftConfig(run=Run.model_validate({"folder": folder, **run}))


def test_a_run_can_be_resumed_with_another_budget(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.open(sft(tmp_path))
    folder.open(sft(tmp_path, minutes=5, log_every=1, spare_gigabytes=0))


def test_a_folder_of_another_configuration_is_not_overwritten(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.open(sft(tmp_path))
    for other in (sft(tmp_path, seed=2), GrpoConfig(run=Run(folder=tmp_path))):
        with pytest.raises(BadConfig, match="another configuration"):
            folder.open(other)


def test_the_newest_complete_checkpoint_is_used_and_incomplete_ones_are_removed(
    tmp_path: Path,
) -> None:
    folder = RunFolder(tmp_path)
    assert folder.last_checkpoint() is None
    for step in (8, 9, 10, 100):
        (folder.checkpoints / f"checkpoint-{step}").mkdir(parents=True)
    for step in (8, 9, 10):
        (folder.checkpoints / f"checkpoint-{step}" / STATE).write_text("{}")
    (folder.checkpoints / "checkpoint-10" / STATE).write_text('{"cut')
    assert folder.last_checkpoint() == folder.checkpoints / "checkpoint-9"
    remaining = sorted(path.name for path in folder.checkpoints.iterdir())
    assert remaining == ["checkpoint-8", "checkpoint-9"]


def test_incomplete_progress_is_not_reported(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    assert folder.progress() is None
    progress = Progress("sft", 3, 10, 6.5, 15.0)
    folder.write_progress(progress)
    assert folder.progress() == progress
    (tmp_path / "progress.json").write_text('{"stage": "sft"}')
    assert folder.progress() is None


def test_metrics_after_the_resumed_step_are_recorded_again(tmp_path: Path) -> None:
    file = tmp_path / "curves.jsonl"
    first = CurveFile(file)
    for step in (1, 2, 3):
        first.add(step, {"loss": 1 / step})
    with file.open("a") as opened:
        opened.write('{"step": 4, "lo')
    CurveFile(file, first=2).add(3, {"loss": 0.3})
    assert [line.count("loss") for line in file.read_text().splitlines()] == [1, 1, 1]
    assert '{"step": 3, "loss": 0.3}' in file.read_text()


def test_only_finite_numbers_are_metrics() -> None:
    logs = {"loss": 1, "kl": float("nan"), "reward": None, "epoch": 0.5, "name": "sft"}
    assert numbers(logs) == {"loss": 1.0, "epoch": 0.5}


def test_settings_are_flattened_by_their_path() -> None:
    assert flat({"run": {"seed": 1}, "beta": 0.04}) == {"run.seed": 1, "beta": 0.04}
