"""Run a night's training in a process of its own, pass on its progress, and read its result."""

import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Protocol

from pydantic import ValidationError

from shared.jobs.training_job import RESULT, JobStep, TrainingJobResult
from shared.runtime.child_process import ChildExit, run_child

ATTEMPTS: Final = 2
"""A training that was killed (memory, a person) goes on once; killed again, it would be killed
for ever."""
BEYOND_BUDGET: Final = 1_800.0
"""Seconds beyond its budget after which a training counts as hanging: its last step, loading."""


class NightCrashed(Exception):
    """The training left no result; the text says how it ended and what it said."""


class NightStopped(Exception):
    """The training was asked to end before its time; it goes on next time."""


class Train(Protocol):
    """Trains in a folder; raises `NightCrashed` and `NightStopped`."""

    def __call__(
        self, folder: Path, *, minutes: float, say: Callable[[JobStep], None],
        stop: threading.Event,
    ) -> TrainingJobResult: ...  # fmt: skip


@dataclass(frozen=True)
class TrainApart:
    """`python -m training.job FOLDER`."""

    command: Sequence[str] = (sys.executable, "-m", "training.job")
    needs: str = "trl"
    """A package without which there is nothing to start."""
    beyond_budget: float = BEYOND_BUDGET

    def __call__(
        self, folder: Path, *, minutes: float, say: Callable[[JobStep], None],
        stop: threading.Event,
    ) -> TrainingJobResult:  # fmt: skip
        if find_spec(self.needs) is None:
            raise NightCrashed(
                f"training needs the package {self.needs}, which is not installed here; install"
                " preferstream[training]"
            )
        for _ in range(ATTEMPTS):
            (folder / RESULT).unlink(missing_ok=True)
            ended = self._run(folder, minutes * 60 + self.beyond_budget, say, stop)
            if stop.is_set():
                raise NightStopped(f"the night in {folder} was asked to end; it goes on next time")
            if ended.code == 0:
                return _result(folder)
            if not ended.killed:
                break
        raise NightCrashed(f"the training {ended.reason}")

    def _run(
        self, folder: Path, seconds: float, say: Callable[[JobStep], None], stop: threading.Event
    ) -> ChildExit:
        def pass_on(line: str) -> None:
            step = _step(line)
            if step is not None:
                say(step)

        try:
            # Nothing is lost when it is killed: every stage of the training can be resumed.
            return run_child(
                [*self.command, str(folder)], on_line=pass_on, seconds=seconds, stop=stop
            )
        except OSError as error:
            raise NightCrashed(f"the training could not be started: {error}") from error


def _step(line: str) -> JobStep | None:
    try:
        return JobStep.model_validate_json(line)
    except ValidationError:
        return None


def _result(folder: Path) -> TrainingJobResult:
    try:
        return TrainingJobResult.model_validate_json((folder / RESULT).read_text(encoding="utf-8"))
    except (OSError, ValidationError) as error:
        raise NightCrashed(f"the training ended well but left no {RESULT}: {error}") from error
