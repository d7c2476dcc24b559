"""Run training in a child process, report its progress, and read its result."""

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
"""A training that was killed (out of memory, by an operator) is resumed once: after a second kill,
a third one is likely."""
OVERTIME_SECONDS: Final = 1_800.0
"""Seconds after the budget at which training counts as hanging; the last step and loading models
take part of them."""


class TrainingCrashed(Exception):
    """Training left no result; the text says how it ended, with its last lines."""


class TrainingStopped(Exception):
    """Training was stopped by request; it is resumed later."""


class Training(Protocol):
    """Trains in a folder; raises `TrainingCrashed` and `TrainingStopped`."""

    def __call__(
        self, folder: Path, *, minutes: float, on_step: Callable[[JobStep], None],
        stop: threading.Event,
    ) -> TrainingJobResult: ...  # fmt: skip


@dataclass(frozen=True)
class TrainingProcess:
    """Runs `python -m training.job FOLDER`."""

    command: Sequence[str] = (sys.executable, "-m", "training.job")
    needs: str = "trl"
    """A package that training imports first."""
    overtime_seconds: float = OVERTIME_SECONDS

    def __call__(
        self, folder: Path, *, minutes: float, on_step: Callable[[JobStep], None],
        stop: threading.Event,
    ) -> TrainingJobResult:  # fmt: skip
        if find_spec(self.needs) is None:
            raise TrainingCrashed(
                f"training needs the package {self.needs}, which is not installed here; install"
                " preferstream[training]"
            )
        for _ in range(ATTEMPTS):
            (folder / RESULT).unlink(missing_ok=True)
            child_exit = self._run(folder, minutes * 60 + self.overtime_seconds, on_step, stop)
            if stop.is_set():
                raise TrainingStopped(
                    f"the job in {folder} was stopped by request; it is resumed later"
                )
            if child_exit.code == 0:
                return _result(folder)
            if not child_exit.killed:
                break
        raise TrainingCrashed(f"the training {child_exit.reason}")

    def _run(
        self,
        folder: Path,
        seconds: float,
        on_step: Callable[[JobStep], None],
        stop: threading.Event,
    ) -> ChildExit:
        def on_line(line: str) -> None:
            step = _step(line)
            if step is not None:
                on_step(step)

        try:
            # A kill loses nothing: every stage of training can be resumed.
            # Absolute: a relative path may start with a dash, like an option.
            return run_child(
                [*self.command, str(folder.absolute())], on_line=on_line, seconds=seconds, stop=stop
            )
        except OSError as error:
            raise TrainingCrashed(f"the training could not be started: {error}") from error


def _step(line: str) -> JobStep | None:
    try:
        return JobStep.model_validate_json(line)
    except ValidationError:
        return None


def _result(folder: Path) -> TrainingJobResult:
    try:
        return TrainingJobResult.model_validate_json((folder / RESULT).read_text(encoding="utf-8"))
    except (OSError, ValidationError) as error:
        raise TrainingCrashed(
            f"the training ended with code 0 but left no {RESULT}: {error}"
        ) from error
