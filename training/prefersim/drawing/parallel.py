"""Run a function over items in several processes, and yield the results in order."""

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

T = TypeVar("T")
U = TypeVar("U")


class WorkerDied(RuntimeError):
    """A worker process was killed, or could not start."""


def map_in_order(
    function: Callable[[T], U], items: Iterable[T], *, workers: int, chunksize: int = 1
) -> Iterator[U]:
    """Yield `function(item)` for each item, in order; a process takes `chunksize` items at a time.

    With one worker, the function runs in this process. More workers are spawned and not forked,
    because the caller may have threads. Raises `WorkerDied` instead of waiting for a dead process.
    """
    if workers == 1:
        yield from map(function, items)
        return
    spawned = multiprocessing.get_context("spawn")
    try:
        with ProcessPoolExecutor(workers, mp_context=spawned) as processes:
            yield from processes.map(function, items, chunksize=chunksize)
    except BrokenProcessPool as error:
        raise WorkerDied(
            f"one of {workers} worker processes died before its work was done; if the machine has"
            " too little memory, use fewer workers"
        ) from error
