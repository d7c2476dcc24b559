"""Draw with several processes at once, and have everything back in its order."""

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

T = TypeVar("T")
U = TypeVar("U")


class WorkerEnded(RuntimeError):
    """A process that draws was ended from outside, or could not start."""


def in_order(
    make: Callable[[T], U], items: Iterable[T], *, workers: int, at_once: int = 1
) -> Iterator[U]:
    """What `make` makes of each item; a process takes `at_once` of them at a time.

    With one worker all is made here. Others are spawned, not forked: the caller may have threads.
    Raises `WorkerEnded`, so that nobody waits for what a dead process was to draw.
    """
    if workers == 1:
        yield from map(make, items)
        return
    spawned = multiprocessing.get_context("spawn")
    try:
        with ProcessPoolExecutor(workers, mp_context=spawned) as processes:
            yield from processes.map(make, items, chunksize=at_once)
    except BrokenProcessPool as error:
        raise WorkerEnded(
            f"one of {workers} processes that draw images ended before its work was done; where"
            " memory is short, ask for fewer workers"
        ) from error
