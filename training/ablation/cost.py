"""Run a training as a process, and add up its processor time over all resumptions."""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

import psutil

from shared.files.atomic_write import atomic_write

EVERY: Final = 5.0
"""Seconds between two notes of the time: a kill loses at most this much of the account."""
END_SECONDS: Final = 30.0
"""Seconds that a training has to end before it is killed."""


@dataclass(frozen=True)
class Cost:
    """Processor time of a training, with loading, drawing of people and repeated steps."""

    processor_seconds: float = 0.0
    resumptions: int = 0
    process: int | None = None
    """The process that trains; None when it has ended."""
    created: float | None = None
    """When that process began (seconds since 1970), because process numbers are used again."""


def read_cost(file: Path) -> Cost | None:
    """None where the training has not begun."""
    if not file.exists():
        return None
    return Cost(**json.loads(file.read_text(encoding="utf-8")))


def run_counted(command: Sequence[str], file: Path, *, every: float = EVERY) -> Cost:
    """Run the command and keep its cost in the file; an earlier cost there is added to.

    A process that an earlier, killed call left behind is ended first: two trainings in one folder
    would overwrite each other. Raises `CalledProcessError` if the command fails.
    """
    before = read_cost(file)
    if before is not None:
        _end(before)
    spent, resumptions = (before.processor_seconds, before.resumptions + 1) if before else (0.0, 0)
    process = subprocess.Popen(command)
    try:
        watched = psutil.Process(process.pid)
        cost = Cost(spent, resumptions, process.pid, watched.create_time())
        while True:
            cost = replace(cost, processor_seconds=round(spent + _seconds(watched), 1))
            _write(file, cost)
            try:
                code = process.wait(timeout=every)
            except subprocess.TimeoutExpired:
                continue
            break
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
    cost = replace(cost, process=None, created=None)
    _write(file, cost)
    if code:
        raise subprocess.CalledProcessError(code, list(command))
    return cost


def _seconds(process: psutil.Process) -> float:
    """Processor seconds of a process that has not been waited for, and of its ended children."""
    times = process.cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)


def _write(file: Path, cost: Cost) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(file, json.dumps(asdict(cost)) + "\n")


def _end(cost: Cost) -> None:
    """End the process of an earlier call, if it still runs."""
    if cost.process is None:
        return
    try:
        process = psutil.Process(cost.process)
        if process.create_time() != cost.created:
            return
        process.terminate()
        process.wait(END_SECONDS)
    except psutil.NoSuchProcess:
        return
    except psutil.TimeoutExpired:
        process.kill()
