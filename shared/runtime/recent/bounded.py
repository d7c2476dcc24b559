"""A mapping of bounded size whose entries expire; the least recently used are dropped first."""

import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from typing import Generic, TypeVar

KeyT = TypeVar("KeyT", bound=Hashable)
ValueT = TypeVar("ValueT")


class RecentlyUsed(Generic[KeyT, ValueT]):
    """At most `max_entries` values, each for at most `max_seconds` after it was put.

    The time bounds how long a process may use what another process has changed or removed.
    """

    def __init__(
        self,
        *,
        max_entries: int,
        max_seconds: float,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """0 entries keep nothing."""
        self._max_entries = max_entries
        self._max_seconds = max_seconds
        self._now = now
        self._entries: OrderedDict[KeyT, tuple[float, ValueT]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[KeyT]:
        """All keys, also those of expired values; the least recently used first."""
        return iter(self._entries)

    def get(self, keys: Iterable[KeyT]) -> dict[KeyT, ValueT]:
        """The values that are known, by key."""
        oldest = self._now() - self._max_seconds
        known: dict[KeyT, ValueT] = {}
        for key in keys:
            entry = self._entries.get(key)
            if entry is None:
                continue
            if entry[0] < oldest:
                del self._entries[key]
                continue
            self._entries.move_to_end(key)
            known[key] = entry[1]
        return known

    def put(self, values: Iterable[tuple[KeyT, ValueT]]) -> None:
        now = self._now()
        for key, value in values:
            self._entries[key] = (now, value)
            self._entries.move_to_end(key)
        while len(self._entries) > self._max_entries:
            self._entries.popitem(last=False)

    def drop(self, keys: Collection[KeyT]) -> None:
        for key in keys:
            self._entries.pop(key, None)
