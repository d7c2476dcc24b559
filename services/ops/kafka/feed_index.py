"""Know where in Kafka the latest feeds lie, so that each can be read back by its request."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

MOST_FEEDS: Final = 100_000
"""Feeds that can be read back: about 30 MB; the oldest are forgotten first."""
Request = tuple[str, str]
"""Tenant and request id."""


@dataclass(frozen=True)
class Place:
    """Where a feed lies in its topic."""

    partition: int
    offset: int


class FeedIndex:
    """Places of feeds, and the requests that wait for theirs."""

    def __init__(self, *, most: int = MOST_FEEDS) -> None:
        self._most = most
        self._places: OrderedDict[Request, Place] = OrderedDict()
        self._awaited: OrderedDict[Request, None] = OrderedDict()

    def add(self, request: Request, place: Place) -> None:
        """A feed was heard; of two feeds for one request the later one counts."""
        known = self._places.get(request)
        if known and (known.partition, known.offset) > (place.partition, place.offset):
            return
        self._places[request] = place
        self._places.move_to_end(request)
        self._awaited.pop(request, None)
        _keep(self._places, self._most)

    def expect(self, request: Request) -> None:
        """A request was sent."""
        if request not in self._places:
            self._awaited[request] = None
            _keep(self._awaited, self._most)

    def place(self, request: Request) -> Place | None:
        return self._places.get(request)

    def is_awaited(self, request: Request) -> bool:
        return request in self._awaited


def _keep(kept: "OrderedDict[Request, Place] | OrderedDict[Request, None]", most: int) -> None:
    while len(kept) > most:
        kept.popitem(last=False)
