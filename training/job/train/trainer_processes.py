"""Run SFT and GRPO in a process of their own each: the memory of one is free for the next."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, Protocol

from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from shared.runtime.child_process import ChildProcess
from training.finetuning.run.commands import WRONG_USE
from training.job import parent_death as lifeline

Stage = Literal["sft", "grpo"]
CONFIGS: Final = Path(__file__).resolve().parents[2] / "configs"


class CannotTrain(Exception):
    """A training refused to start or ended by a failure; the text says what it said."""


@dataclass(frozen=True)
class Task:
    """One training of a night."""

    stage: Stage
    config: Path
    folder: Path
    base: Path
    adapter: Path | None
    """To go on with; None begins a new one."""
    data: Path
    minutes: float
    element_weights: ElementWeights = EQUAL_WEIGHTS
    """How much each element counts in the totals of what is trained, whatever it begins with."""


@dataclass(frozen=True)
class Trained:
    """What a training left."""

    adapter: Path
    version: str
    steps: int


class Trainer(Protocol):
    """Trains, or goes on where a killed training stood; raises `CannotTrain`."""

    def __call__(self, task: Task, *, say: Callable[[str], None]) -> Trained: ...


def default_config(stage: Stage) -> Path:
    """The configuration for preferthinker-nano on a CPU."""
    return CONFIGS / f"night-{stage}.toml"


def train_apart(
    task: Task, *, say: Callable[[str], None], python: Sequence[str] = (sys.executable,)
) -> Trained:
    """`python -m training.sft` or `training.grpo`, its lines passed on; raises `CannotTrain`."""
    command = [
        *python, "-m", f"training.{task.stage}", "--json",
        "--config", str(task.config), "--folder", str(task.folder), "--base", str(task.base),
        "--data", str(task.data), "--minutes", f"{task.minutes:.3f}",
        "--element-weights", task.element_weights.model_dump_json(),
    ]  # fmt: skip
    if task.adapter is not None:
        command += ["--adapter", str(task.adapter)]
    last = ""
    with ChildProcess(command, own_session=False) as process:
        lifeline.adopt(process)
        try:
            for line in process.lines():
                last = line.strip() or last
                if last and not last.startswith("{"):
                    say(last)
            ended = process.wait()
        finally:
            lifeline.release(process)
    if ended.code == 0:
        return _read(task, last)
    if ended.code == WRONG_USE:
        raise CannotTrain(f"{task.stage.upper()} cannot start: {' / '.join(ended.last_lines)}")
    raise CannotTrain(f"{task.stage.upper()} {ended.reason}")


def _read(task: Task, line: str) -> Trained:
    try:
        told: dict[str, Any] = json.loads(line)
        return Trained(Path(told["adapter"]), str(told["version"]), int(told["steps"]))
    except (ValueError, KeyError, TypeError) as error:
        raise CannotTrain(
            f"{task.stage.upper()} ended without saying what it made: {line!r}"
        ) from error
