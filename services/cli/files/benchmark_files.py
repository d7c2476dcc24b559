"""Find a benchmark by name or path; write a simulated benchmark on its first use."""

import hashlib
import shutil
import sys
import threading
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from services.cli.output.console import err, print_progress
from shared.jobs.evaluation import Level
from shared.runtime.child_process import run_child

SIMULATED: dict[str, Level] = {"prefersim": "hard", "prefersim-easy": "easy"}
WRITER = "training.prefersim.benchmark"
"""Module that writes a simulated benchmark; it runs in a child process."""
SETS = 4
SIMULATED_ITEMS = 1_500
"""Number of items in the four sets of a whole simulated benchmark."""
POLL_SECONDS = 0.5


class BenchmarkNotFound(Exception):
    """No benchmark has this name; the text lists the names."""


class BenchmarkNotWritten(Exception):
    """A simulated benchmark could not be written; the text says what failed."""


@dataclass(frozen=True)
class Benchmark:
    """Path of a benchmark, and its level if it is simulated."""

    path: Path
    level: Level | None


def find_benchmark(
    name: str, *, data_dir: Path, limit: int | None, writer: str = WRITER
) -> Benchmark:
    """A simulated benchmark by its name, or else a file or folder."""
    level = SIMULATED.get(name)
    if level is not None:
        return Benchmark(_simulated(level, data_dir=data_dir, limit=limit, writer=writer), level)
    path = Path(name)
    if not path.exists():
        raise BenchmarkNotFound(
            f"{name} is neither a simulated benchmark ({', '.join(SIMULATED)}) nor a file or folder"
        )
    return Benchmark(path, None)


def _simulated(level: Level, *, data_dir: Path, limit: int | None, writer: str) -> Path:
    """Folder of a frozen simulated benchmark: the whole one, or its first items."""
    folder = data_dir / "benchmarks" / f"prefersim-{level}-{_simulator_version()}"
    if folder.is_dir():
        return folder
    if limit is not None:
        folder = folder.with_name(f"{folder.name}-first-{limit}")
    if not folder.is_dir():
        _write(folder, level, limit=limit, writer=writer)
    return folder


def _simulator_version() -> str:
    """Hash of the simulator's code, which is part of the folder's name."""
    spec = find_spec("training.prefersim")
    if spec is None or spec.submodule_search_locations is None:
        raise BenchmarkNotWritten("the package training.prefersim is not installed")
    checksum = hashlib.sha256()
    for file in sorted(Path(next(iter(spec.submodule_search_locations))).glob("*.py")):
        checksum.update(file.read_bytes())
    return checksum.hexdigest()[:8]


def _write(folder: Path, level: Level, *, limit: int | None, writer: str) -> None:
    """Write the benchmark into a temporary folder, and rename it when it is complete."""
    print_progress(f"writing the benchmark {folder.name} (only once)")
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    command = [sys.executable, "-m", writer, str(unfinished.absolute())]
    command += ["--level", level, *([] if limit is None else ["--limit", str(limit)])]
    total = SIMULATED_ITEMS if limit is None else min(SIMULATED_ITEMS, SETS * limit)
    columns = (TextColumn("items"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("", total=total)
        ended = threading.Event()

        def show_progress() -> None:
            while not ended.wait(POLL_SECONDS):
                bar.update(task, completed=len(list(unfinished.glob("data/*/images/*-B.*"))))

        watcher = threading.Thread(target=show_progress, daemon=True)
        watcher.start()
        try:
            child = run_child(command)
        finally:
            ended.set()
            watcher.join()
    if child.code:
        raise BenchmarkNotWritten(f"`{' '.join(command[1:])}` {child.reason}")
    unfinished.rename(folder)
