"""Summarize the times and the recall of queries, and read the memory of a process."""

import sys
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from shared.domain.taste import Value
from shared.embedding.protocol import Vectors
from training.bench.catalog.queries import BenchQuery

RawT = TypeVar("RawT")
WARM_UP: Final = 5
"""Queries before the measured ones: the first ones read the files."""


class EngineResult(Value):
    """What one engine needs for the same vectors and queries; times in milliseconds."""

    engine: str
    images: int
    build_seconds: float
    memory_mb: float
    """Private memory of the engine's process; pages of mapped files, which the kernel takes back,
    do not count."""
    files_mb: float = 0.0
    p50: dict[str, float]
    """By the name of the filter."""
    p99: dict[str, float]
    cpu_ms: float
    """Mean time that the processors compute for a query, in the engine and in its caller: on a busy
    machine the other times also contain waiting."""
    recall: dict[str, float]
    """Mean share of the right images that are in the answer."""
    note: str = ""


@dataclass(frozen=True)
class TimedAnswers:
    """The answers of an engine that runs in this process."""

    answers: list[set[int]]
    """The numbers of the images that each query returned."""
    times: list[float]
    """Milliseconds of each query."""
    cpu_ms: float
    """Mean processor time of a query."""


def timed_answers(
    queries: Sequence[BenchQuery],
    search: Callable[[BenchQuery, Vectors], RawT],
    *,
    ids_of: Callable[[RawT], set[int]],
) -> TimedAnswers:
    """Time the search of each query by its direction; the first queries warm up."""
    answers: list[set[int]] = []
    times: list[float] = []
    cpu = 0.0
    for number, query in enumerate([*queries[:WARM_UP], *queries]):
        if number == WARM_UP:
            answers.clear()
            times.clear()
            cpu = time.process_time()
        direction = query.combined()
        began = time.perf_counter()
        result = search(query, direction)
        times.append(1e3 * (time.perf_counter() - began))
        answers.append(ids_of(result))
    return TimedAnswers(answers, times, cpu_ms(cpu, len(queries)))


def report_build(engine: str, seconds: float) -> None:
    """Show that the queries begin."""
    print(f"{engine}: built in {seconds:.0f} s; queries ...", file=sys.stderr, flush=True)


def by_filter(values: Sequence[float], filters: Sequence[str], quantile: float) -> dict[str, float]:
    """The quantile of the values of each filter."""
    return {
        name: round(float(np.quantile(_of(values, filters, name), quantile)), 2)
        for name in dict.fromkeys(filters)
    }


def recall_by_filter(
    answers: Sequence[Collection[int]], exact: Sequence[NDArray[np.int64]], filters: Sequence[str]
) -> dict[str, float]:
    """Mean recall by filter; a query without a right image counts as 1."""
    shares = [
        len({*right.tolist()} & {*answer}) / len(right) if len(right) else 1.0
        for answer, right in zip(answers, exact, strict=True)
    ]
    return {
        name: round(float(np.mean(_of(shares, filters, name))), 4)
        for name in dict.fromkeys(filters)
    }


def cpu_ms(began: float, queries: int) -> float:
    """Mean processor time of this process for a query since `began` (`time.process_time`)."""
    return round(1e3 * (time.process_time() - began) / queries, 2)


def private_memory_mb(process: int) -> float:
    """Private memory of a process in MB."""
    for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
        if line.startswith("Anonymous:"):
            return int(line.split()[1]) / 1024
    return 0.0


def files_mb(folder: Path) -> float:
    """Space that the files of a folder take on the disk, in MB."""
    used = sum(f.stat().st_blocks * 512 for f in folder.rglob("*") if f.is_file())
    return used / 2**20


def _of(values: Sequence[float], filters: Sequence[str], name: str) -> list[float]:
    return [value for value, own in zip(values, filters, strict=True) if own == name]
