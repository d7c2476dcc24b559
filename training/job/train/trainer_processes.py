"""Run each training method in a process of its own, so that memory is free for the next one."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from shared.jobs.training_methods import Method
from shared.runtime.child_process import ChildProcess
from shared.vlm.checkpoint.pixel_limits import PixelLimits
from training.finetuning.run.commands import WRONG_USE
from training.job.parent_death import register_child, unregister_child

CONFIGS: Final = Path(__file__).resolve().parents[2] / "configs"


class TrainingFailed(Exception):
    """A training could not start, or failed; the message holds its last lines of standard error."""


@dataclass(frozen=True)
class TrainingTask:
    """The arguments of one training."""

    training: Method
    config: Path
    folder: Path
    base: Path
    adapter: Path | None
    """To continue with; None starts a new one."""
    data: Path
    minutes: float
    element_weights: ElementWeights = EQUAL_WEIGHTS
    """Element weights in the totals of the trained model, whatever those of base and adapter."""
    prompt_style: str | None = None
    """The prompts to train; None leaves them to the manifest of adapter or base."""
    prompt_template: Path | None = None
    pixel_limits: PixelLimits | None = None
    """Limits of images, as in serving; None leaves them to the configuration."""
    language_model_only: bool = False
    """Train the language model only, also where the configuration names more layers."""


@dataclass(frozen=True)
class TrainedAdapter:
    """The result of a training."""

    adapter: Path
    version: str
    steps: int
    note: str = ""
    """Why it ended early, other than by its time; empty otherwise."""


class Trainer(Protocol):
    """Runs a training, or resumes a killed one; raises `TrainingFailed`."""

    def __call__(self, task: TrainingTask, *, say: Callable[[str], None]) -> TrainedAdapter: ...


def default_config(training: Method) -> Path:
    """The configuration for preferthinker-nano on a CPU."""
    return CONFIGS / f"job-{training}.toml"


def train_in_process(
    task: TrainingTask, *, say: Callable[[str], None], python: Sequence[str] = (sys.executable,)
) -> TrainedAdapter:
    """Run `training.finetuning.METHOD.train`; `say` gets its lines.

    Raises `TrainingFailed`.
    """
    command = [
        *python, "-m", f"training.finetuning.{task.training}.train", "--json",
        "--config", str(task.config), "--folder", str(task.folder), "--base", str(task.base),
        "--data", str(task.data), "--minutes", f"{task.minutes:.3f}",
        "--element-weights", task.element_weights.model_dump_json(),
    ]  # fmt: skip
    if task.adapter is not None:
        command += ["--adapter", str(task.adapter)]
    if task.prompt_style is not None:
        command += ["--prompt-style", task.prompt_style]
    if task.prompt_template is not None:
        command += ["--prompt-template", str(task.prompt_template)]
    if task.pixel_limits is not None:
        command += ["--max-pixels", str(task.pixel_limits.max_pixels)]
        if task.pixel_limits.min_pixels is not None:
            command += ["--min-pixels", str(task.pixel_limits.min_pixels)]
    if task.language_model_only:
        command += ["--layers", "language_model"]
    last_line = ""
    with ChildProcess(command, own_session=False) as process:
        register_child(process)
        try:
            for line in process.lines():
                last_line = line.strip() or last_line
                if last_line and not last_line.startswith("{"):
                    say(last_line)
            ended = process.wait()
        finally:
            unregister_child(process)
    name = task.training.upper()
    if ended.code == WRONG_USE:
        raise TrainingFailed(f"{name} cannot start: {' / '.join(ended.last_lines)}")
    if ended.code != 0:
        raise TrainingFailed(f"{name} {ended.reason}")
    return _read_result(name, last_line)


def _read_result(name: str, line: str) -> TrainedAdapter:
    try:
        result: dict[str, Any] = json.loads(line)
        return TrainedAdapter(
            Path(result["adapter"]),
            str(result["version"]),
            int(result["steps"]),
            str(result.get("note", "")),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise TrainingFailed(f"{name} ended without a result; its last line: {line!r}") from error
