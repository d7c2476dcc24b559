"""Say how far an evaluation is: a bar on a terminal, a line every few seconds elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from training.nano.train.progress import spell

LINE_EVERY_SECONDS: Final = 10.0
"""Often enough to see that it lives, seldom enough for a log."""

Advance = Callable[[str, int], None]
"""Called with what is being asked and how much more of it is done."""


@contextmanager
def progress(total: int) -> Iterator[Advance]:
    """On standard error, so that the report can be piped."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield _lines(total)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda told, more: bar.update(task, description=told, advance=more)


def _lines(total: int) -> Advance:
    started = said = time.monotonic()
    done = 0

    def advance(told: str, more: int) -> None:
        nonlocal done, said
        done += more
        now = time.monotonic()
        if now - said >= LINE_EVERY_SECONDS:
            said = now
            left = (now - started) / max(done, 1) * (total - done)
            print(f"{told}: {done}/{total}, {spell(left)} left", file=sys.stderr, flush=True)

    return advance
