"""Index the offsets of the latest feeds in Kafka by request, so that they can be read back."""

from collections.abc import Iterable, Set
from dataclasses import dataclass
from typing import Final

from shared.domain.requests.recent_requests import RecentRequests
from shared.domain.requests.request_key import RequestKey

MAX_FEEDS: Final = 100_000
"""Feeds in the index: about 90 MB. The oldest are dropped first."""
MAX_PER_USER: Final = 2_000
"""Feeds of one user in the index, so that one user cannot push out the feeds of all others."""


@dataclass(frozen=True)
class FeedLocation:
    """Partition and offset of a feed in its topic."""

    partition: int
    offset: int


class FeedIndex:
    """Locations of feeds, and the requests that have no feed yet."""

    def __init__(self, *, max_entries: int = MAX_FEEDS, per_user: int = MAX_PER_USER) -> None:
        self._locations = RecentRequests[FeedLocation](size=max_entries, per_user=per_user)
        self._awaited = RecentRequests[str](size=max_entries, per_user=per_user)
        """The hash of each request that was sent."""
        self._users: dict[tuple[str, str], set[str]] = {}
        """Users by tenant and request id."""

    def add(self, request: RequestKey, location: FeedLocation, *, request_hash: str | None) -> None:
        """Add a feed that was read. The later of two feeds for one request is kept."""
        if request_hash in (None, self._awaited.get(request)):
            self._awaited.pop(request)
        known = self._locations.get(request)
        if known and (known.partition, known.offset) > (location.partition, location.offset):
            return
        self._users.setdefault(_without_user(request), set()).add(request.user_id)
        self._forget_users(self._locations.put(request, location))

    def expect(self, request: RequestKey, *, request_hash: str) -> None:
        """Note that a request was sent."""
        self._users.setdefault(_without_user(request), set()).add(request.user_id)
        self._forget_users(self._awaited.put(request, request_hash))

    def location(self, request: RequestKey) -> FeedLocation | None:
        return self._locations.get(request)

    def awaited_hash(self, request: RequestKey) -> str | None:
        """Hash of a request that was sent and has no feed yet; None if there is none."""
        return self._awaited.get(request)

    def users(self, *, tenant: str, request_id: str) -> Set[str]:
        """The users of the tenant with a request of this id."""
        return self._users.get((tenant, request_id), frozenset())

    def _forget_users(self, dropped: Iterable[RequestKey]) -> None:
        for request in dropped:
            if request in self._locations or request in self._awaited:
                continue
            users = self._users[_without_user(request)]
            users.discard(request.user_id)
            if not users:
                del self._users[_without_user(request)]


def _without_user(request: RequestKey) -> tuple[str, str]:
    return request.tenant, request.request_id
