"""Run a night's training in a process of its own, pass on its progress, and read its result."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Protocol

from pydantic import ValidationError

from shared.jobs.training_job import RESULT, NightResult, NightStep

ATTEMPTS: Final = 2
"""A training that was killed (memory, a person) goes on once; killed again, it would be killed
for ever."""
LINES_TOLD: Final = 4
BEYOND_BUDGET: Final = 1_800.0
"""Seconds beyond its budget after which a training counts as hanging: its last step, loading."""


class NightCrashed(Exception):
    """The training left no result; the text says how it ended and what it said."""


class NightStopped(Exception):
    """The training was asked to end before its time; it goes on next time."""


class Train(Protocol):
    """Trains in a folder; raises `NightCrashed` and `NightStopped`."""

    def __call__(
        self, folder: Path, *, minutes: float, say: Callable[[NightStep], None],
        stop: threading.Event,
    ) -> NightResult: ...  # fmt: skip


@dataclass(frozen=True)
class TrainApart:
    """`python -m training.job FOLDER`."""

    command: Sequence[str] = (sys.executable, "-m", "training.job")
    needs: str = "trl"
    """A package without which there is nothing to start."""
    beyond_budget: float = BEYOND_BUDGET

    def __call__(
        self, folder: Path, *, minutes: float, say: Callable[[NightStep], None],
        stop: threading.Event,
    ) -> NightResult:  # fmt: skip
        if find_spec(self.needs) is None:
            raise NightCrashed(
                f"training needs the package {self.needs}, which is not installed here; install"
                " preferstream[training]"
            )
        for attempt in range(1, ATTEMPTS + 1):
            (folder / RESULT).unlink(missing_ok=True)
            code, said = self._run(folder, minutes * 60 + self.beyond_budget, say, stop)
            if stop.is_set():
                raise NightStopped(f"the night in {folder} was asked to end; it goes on next time")
            if code == 0:
                return _result(folder)
            if code >= 0 or attempt == ATTEMPTS:
                break
        how = f"was killed by {_signal(-code)}" if code < 0 else f"ended with code {code}"
        raise NightCrashed(f"the training {how}; it said: {' / '.join(said) or 'nothing'}")

    def _run(
        self, folder: Path, seconds: float, say: Callable[[NightStep], None], stop: threading.Event
    ) -> tuple[int, list[str]]:
        try:
            process = subprocess.Popen(
                [*self.command, str(folder)],
                # Held open as long as we live: the training ends when it closes, however we end.
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                text=True, errors="replace",
            )  # fmt: skip
        except OSError as error:
            raise NightCrashed(f"the training could not be started: {error}") from error
        said: list[str] = []
        listener = threading.Thread(target=_listen, args=(process, said), daemon=True)
        listener.start()
        ended = threading.Event()
        watcher = threading.Thread(
            target=_end_when_asked, args=(process, stop, ended, seconds), daemon=True
        )
        watcher.start()
        try:
            assert process.stdout is not None
            for line in process.stdout:
                step = _step(line)
                if step is not None:
                    say(step)
            code = process.wait()
        finally:
            ended.set()
            if process.poll() is None:
                process.kill()
                process.wait()
            watcher.join(5)
            listener.join(5)
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe is not None:
                    pipe.close()
        return code, said


def _end_when_asked(
    process: "subprocess.Popen[str]", stop: threading.Event, ended: threading.Event, seconds: float
) -> None:
    """Nothing is lost by killing: the training is made to be killed anywhere."""
    waited = 0.0
    while not ended.wait(0.2):
        waited += 0.2
        if stop.is_set() or waited > seconds:
            process.terminate()
            if not ended.wait(5):
                process.kill()
            return


def _listen(process: "subprocess.Popen[str]", said: list[str]) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        if line.strip():
            said.append(line.strip()[:500])
            del said[:-LINES_TOLD]


def _step(line: str) -> NightStep | None:
    try:
        return NightStep.model_validate_json(line)
    except ValidationError:
        return None


def _result(folder: Path) -> NightResult:
    try:
        return NightResult.model_validate_json((folder / RESULT).read_text(encoding="utf-8"))
    except (OSError, ValidationError) as error:
        raise NightCrashed(f"the training ended well but left no {RESULT}: {error}") from error


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
