"""Draw with several processes at once, and have everything back in its order."""

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
U = TypeVar("U")


def in_order(
    make: Callable[[T], U], items: Iterable[T], *, workers: int, at_once: int = 1
) -> Iterator[U]:
    """What `make` makes of each item; a process takes `at_once` of them at a time.

    With one worker all is made here. Others are spawned, not forked: the caller may have threads.
    """
    if workers == 1:
        yield from map(make, items)
        return
    with multiprocessing.get_context("spawn").Pool(workers) as processes:
        yield from processes.imap(make, items, chunksize=at_once)
