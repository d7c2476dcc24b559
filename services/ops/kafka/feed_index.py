"""Index the offsets of the latest feeds in Kafka by request, so that they can be read back."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

MAX_FEEDS: Final = 100_000
"""Feeds in the index: about 30 MB. The oldest are dropped first."""
RequestKey = tuple[str, str]
"""Tenant and request id."""


@dataclass(frozen=True)
class FeedLocation:
    """Partition and offset of a feed in its topic."""

    partition: int
    offset: int


class FeedIndex:
    """Locations of feeds, and the requests that have no feed yet."""

    def __init__(self, *, max_entries: int = MAX_FEEDS) -> None:
        self._max_entries = max_entries
        self._locations: OrderedDict[RequestKey, FeedLocation] = OrderedDict()
        self._awaited: OrderedDict[RequestKey, None] = OrderedDict()

    def add(self, request: RequestKey, location: FeedLocation) -> None:
        """Add a feed that was read. The later of two feeds for one request is kept."""
        known = self._locations.get(request)
        if known and (known.partition, known.offset) > (location.partition, location.offset):
            return
        self._locations[request] = location
        self._locations.move_to_end(request)
        self._awaited.pop(request, None)
        _limit(self._locations, self._max_entries)

    def expect(self, request: RequestKey) -> None:
        """Note that a request was sent."""
        if request not in self._locations:
            self._awaited[request] = None
            _limit(self._awaited, self._max_entries)

    def location(self, request: RequestKey) -> FeedLocation | None:
        return self._locations.get(request)

    def is_awaited(self, request: RequestKey) -> bool:
        return request in self._awaited


def _limit(
    entries: "OrderedDict[RequestKey, FeedLocation] | OrderedDict[RequestKey, None]",
    max_entries: int,
) -> None:
    while len(entries) > max_entries:
        entries.popitem(last=False)
