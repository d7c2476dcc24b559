"""A killed ablation resumes: nothing finished is repeated, and no training is left running."""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.training.ablation.test_table import measured
from training.ablation import __main__ as command
from training.ablation import running
from training.ablation.cost import Cost, read_cost, run_counted
from training.finetuning.run.run_folder import Progress
from training.statistics import bootstrap

WORK = "import time\nwhile time.process_time() < .4: pass\n"


def test_processor_time_adds_up_over_resumptions(tmp_path: Path) -> None:
    file = tmp_path / "cost.json"
    with pytest.raises(subprocess.CalledProcessError):
        run_counted([sys.executable, "-c", WORK + "raise SystemExit(1)"], file, every=0.05)
    first = read_cost(file)
    assert first is not None
    assert first.process is None
    assert 0.2 < first.processor_seconds < 5
    second = run_counted([sys.executable, "-c", WORK], file, every=0.05)
    assert second == read_cost(file)
    assert second.resumptions == 1
    assert second.processor_seconds > first.processor_seconds + 0.1


def test_a_training_that_a_killed_ablation_left_is_ended_first(tmp_path: Path) -> None:
    left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    file = tmp_path / "cost.json"
    created = psutil.Process(left.pid).create_time()
    file.write_text(json.dumps({"processor_seconds": 7, "process": left.pid, "created": created}))
    cost = run_counted([sys.executable, "-c", "pass"], file, every=0.05)
    assert left.poll() is not None
    assert cost.processor_seconds >= 7
    assert (cost.resumptions, cost.process) == (1, None)


def test_another_process_with_the_same_number_is_left_alone(tmp_path: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        file = tmp_path / "cost.json"
        file.write_text(json.dumps({"process": other.pid, "created": time.time() - 9999}))
        run_counted([sys.executable, "-c", "pass"], file, every=0.05)
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


class Trainings:
    """Stands for the training commands: notes each call, and is killed at one of them."""

    def __init__(self, *, killed_at: str | None) -> None:
        self.calls: list[str] = []
        self._killed_at = killed_at

    def __call__(self, line: Sequence[str], file: Path) -> Cost:
        config = Path(line[line.index("--config") + 1])
        self.calls.append(config.stem)
        if config.stem == self._killed_at:
            raise KeyboardInterrupt
        folder = file.parent.parent / "trainings" / config.stem
        (folder / "adapter").mkdir(parents=True)
        steps = 4 if config.stem.startswith("sft-") else 3
        progress = Progress("", step=steps, steps=steps, seconds_spent=1, seconds_left=0)
        (folder / "progress.json").write_text(json.dumps(asdict(progress)))
        cost = Cost(processor_seconds=20 if "sft" in config.stem else 50)
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(asdict(cost)))
        return cost


def run_ablation(
    monkeypatch: pytest.MonkeyPatch, run: Path, *, killed_at: str | None, options: str = ""
) -> tuple[int, list[str], list[str]]:
    """Exit code, trained and measured models."""
    trainings, models = Trainings(killed_at=killed_at), list[str]()

    def merge(*, base: Path, adapter: Path, to: Path) -> Path:
        to.mkdir(parents=True)
        (to / "manifest.json").write_text("{}")
        return to

    def measure(folder: Path, truth: object, *, threads: int) -> dict[str, Any]:
        models.append(folder.name)
        return measured(0.5, 0.5)

    monkeypatch.setattr(bootstrap, "DRAWS", 20)  # twelve tables, whose intervals do not matter here
    monkeypatch.setattr(running, "run_counted", trainings)
    monkeypatch.setattr(running, "merge", merge)
    monkeypatch.setattr(running, "measure", measure)
    monkeypatch.setattr(command, "read_truth", lambda folder, limit: None)
    monkeypatch.setattr(command, "check_files", lambda folder: "a base")
    line = f"ablation --run {run} --base {run}/base --hard {run}/people --grpo-steps 3 {options}"
    monkeypatch.setattr(sys, "argv", line.split())
    try:
        return command.main(), trainings.calls, models
    except KeyboardInterrupt:
        return -1, trainings.calls, models


def test_the_same_command_resumes_and_writes_the_table(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    code, _, models = run_ablation(monkeypatch, tmp_path, killed_at="grpo-2")
    assert (code, models[-1]) == (-1, "sft-2")
    assert "fewer than 3 seeds of sft, grpo," in (tmp_path / "ablation.md").read_text()
    code, calls, models = run_ablation(monkeypatch, tmp_path, killed_at=None)
    assert code == 0
    assert calls[0] == "grpo-2"
    assert models == calls
    assert len(calls) == 7  # of 12
    text = (tmp_path / "ablation.md").read_text()
    assert "Not finished" not in text
    # 4 steps of SFT took 20 s, so the 50 s of GRPO are 10; its people are the 3 x 16 of GRPO.
    assert "steps = 10" in (tmp_path / "configs" / "sft_continued-2.toml").read_text()
    assert "cases = 48" in (tmp_path / "configs" / "sft_continued-2.toml").read_text()
    assert run_ablation(monkeypatch, tmp_path, killed_at=None) == (0, [], [])


def test_a_run_refuses_other_options_but_takes_more_seeds(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_ablation(monkeypatch, tmp_path, killed_at=None, options="--seeds 1")
    code, calls, _ = run_ablation(monkeypatch, tmp_path, killed_at=None, options="--limit 5")
    assert (code, calls) == (2, [])
    assert "another limit" in capsys.readouterr().err
    code, calls, _ = run_ablation(monkeypatch, tmp_path, killed_at=None, options="--seeds 2")
    assert (code, calls[0], len(calls)) == (0, "sft-2", 4)
    about = json.loads((tmp_path / "measured" / "about.json").read_text())
    assert "--seeds 2" in about["command"]
    assert isinstance(about["settings"], dict)
