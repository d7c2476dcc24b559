"""Find the benchmark that a person names; write a frozen simulated one on its first use."""

import hashlib
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from services.cli.output.console import err, say
from shared.jobs.evaluation import Level

SIMULATED: dict[str, Level] = {"prefersim": "hard", "prefersim-easy": "easy"}
WRITER = "training.prefersim.benchmark"
"""The module that writes a simulated benchmark, in a process of its own."""
SETS = 4
SIMULATED_ITEMS = 1_500
"""In the four sets of a whole simulated benchmark."""
LOOK_SECONDS = 0.5


class BenchmarkNotFound(Exception):
    """There is no benchmark of that name; the text says which there are."""


class BenchmarkNotWritten(Exception):
    """A simulated benchmark could not be written; the text says what failed."""


@dataclass(frozen=True)
class Found:
    """Where a benchmark lies, and its level if it is a simulated one."""

    path: Path
    level: Level | None


def find_benchmark(name: str, *, data_dir: Path, limit: int | None, writer: str = WRITER) -> Found:
    """A simulated benchmark by its name, else a file or folder."""
    level = SIMULATED.get(name)
    if level is not None:
        return Found(_simulated(level, data_dir=data_dir, limit=limit, writer=writer), level)
    path = Path(name)
    if not path.exists():
        raise BenchmarkNotFound(
            f"{name} is neither a benchmark of ours ({', '.join(SIMULATED)}) nor a file or folder"
        )
    return Found(path, None)


def _simulated(level: Level, *, data_dir: Path, limit: int | None, writer: str) -> Path:
    """The folder of a frozen benchmark, whole or its first items."""
    folder = data_dir / "benchmarks" / f"prefersim-{level}-{_simulator_version()}"
    if folder.is_dir():
        return folder
    if limit is not None:
        folder = folder.with_name(f"{folder.name}-first-{limit}")
    if not folder.is_dir():
        _write(folder, level, limit=limit, writer=writer)
    return folder


def _simulator_version() -> str:
    """Another simulator draws another benchmark: its code is part of the folder's name."""
    spec = find_spec("training.prefersim")
    if spec is None or spec.submodule_search_locations is None:
        raise BenchmarkNotWritten("the package training.prefersim is not installed")
    total = hashlib.sha256()
    for file in sorted(Path(next(iter(spec.submodule_search_locations))).glob("*.py")):
        total.update(file.read_bytes())
    return total.hexdigest()[:8]


def _write(folder: Path, level: Level, *, limit: int | None, writer: str) -> None:
    """Under another name until it is whole; the simulator runs in a process of its own."""
    say(f"writing the benchmark {folder.name} (once)")
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    command = [sys.executable, "-m", writer, str(unfinished)]
    command += ["--level", level, *([] if limit is None else ["--limit", str(limit)])]
    total = SIMULATED_ITEMS if limit is None else min(SIMULATED_ITEMS, SETS * limit)
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    columns = (TextColumn("items"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=err, transient=True) as bar:
            task = bar.add_task("", total=total)
            while process.poll() is None:
                bar.update(task, completed=len(list(unfinished.glob("data/*/images/*-B.*"))))
                time.sleep(LOOK_SECONDS)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
    if process.returncode:
        raise BenchmarkNotWritten(f"`{' '.join(command[1:])}` ended with {process.returncode}")
    unfinished.rename(folder)
