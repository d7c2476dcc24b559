"""Report the progress of a long run: steps, measures, and the time that is left."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

LINE_SECONDS: Final = 10.0
"""Seconds between two lines: short enough to see that the run is alive, long enough for a log."""

Advance = Callable[[str, int], None]
"""Called with the name of the current part and the number of further steps that are done."""


@dataclass
class TrainingProgress:
    """Steps of a training; a resumed training starts at step `first`, and counts from there."""

    stage: str
    steps: int
    first: int = 0
    started: float = field(default_factory=time.monotonic)

    def line(self, done: int, measures: Mapping[str, float]) -> str:
        """`vision 300/1200, 2 min 40 s, 8 min 0 s left: loss 1.203, color 0.991`."""
        elapsed = time.monotonic() - self.started
        left = elapsed / max(1, done - self.first) * (self.steps - done)
        values = ", ".join(f"{name} {value:.3f}" for name, value in measures.items())
        return f"{self.stage} {done}/{self.steps}, {spell(elapsed)}, {spell(left)} left: {values}"


def spell(seconds: float) -> str:
    """`2 min 40 s`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


@contextmanager
def progress(total: int) -> Iterator[Advance]:
    """A bar on a terminal, a line every few seconds elsewhere; on standard error, so that the
    output can be piped."""
    from rich.console import Console  # slow to load: not for trainings
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield _lines(total)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda part, steps: bar.update(task, description=part, advance=steps)


def _lines(total: int) -> Advance:
    started = printed = time.monotonic()
    done = 0

    def advance(part: str, steps: int) -> None:
        nonlocal done, printed
        done += steps
        now = time.monotonic()
        if now - printed >= LINE_SECONDS:
            printed = now
            left = (now - started) / max(done, 1) * (total - done)
            print(f"{part}: {done}/{total}, {spell(left)} left", file=sys.stderr, flush=True)

    return advance
