"""Skip a request that already has its feed, or whose user was erased after the request."""

from typing import Final

from prometheus_client import Counter

from services.assessor.steps.state import RankingState
from shared.domain.requests.recent_requests import RecentRequests
from shared.domain.requests.request_key import RequestKey
from shared.domain.user import User
from shared.store.erasure_check import ErasureCheck

MAX_PER_USER: Final = 1_000
"""Answered requests kept for one user. Kafka redelivers at most the requests in work and those of
the last second, so a user with more loses nothing, and cannot push out those of other users."""
MAX_HASHES: Final = 16
"""Different requests kept for one id, for an app that sends the same id again and again."""


class AnsweredRequests:
    """The latest requests with a published feed; the oldest are dropped first.

    A request is known by its user, its id and the hash of its content. So neither another user's
    request nor other content under the same id is taken for a redelivery.
    """

    def __init__(self, *, size: int, per_user: int = MAX_PER_USER) -> None:
        self._hashes = RecentRequests[tuple[str, ...]](size=size, per_user=per_user)

    def has(self, request: RequestKey, *, request_hash: str) -> bool:
        """Whether a request of this user with this id and this content was answered."""
        return request_hash in (self._hashes.get(request) or ())

    def contents(self, request: RequestKey) -> int:
        """Number of different contents that this user has sent with this id."""
        return len(self._hashes.get(request) or ())

    def add(self, request: RequestKey, *, request_hash: str) -> None:
        others = self._other_hashes(request, request_hash)
        self._hashes.put(request, (*others, request_hash)[-MAX_HASHES:])

    def discard(self, request: RequestKey, *, request_hash: str) -> None:
        """Remove a request whose feed could not be published."""
        if others := self._other_hashes(request, request_hash):
            self._hashes.put(request, others)
        else:
            self._hashes.pop(request)

    def forget(self, user: User) -> int:
        """Drop the requests of one user; returns how many there were."""
        return len(self._hashes.forget(user))

    def count(self, user: User) -> int:
        """Number of requests of one user."""
        return self._hashes.count(user)

    def _other_hashes(self, request: RequestKey, request_hash: str) -> tuple[str, ...]:
        return tuple(h for h in self._hashes.get(request) or () if h != request_hash)


class SkipAnswered:
    """The step that ends a redelivered request: its feed was published before."""

    def __init__(self, answered: AnsweredRequests, duplicates: Counter) -> None:
        self._answered = answered
        self._duplicates = duplicates

    async def __call__(self, state: RankingState) -> RankingState | None:
        if self._answered.has(state.request.request_key, request_hash=state.request_hash):
            self._duplicates.inc()
            return None
        return state


class SkipErased:
    """The step that ends a request from before its user's erasure."""

    def __init__(self, erasure_check: ErasureCheck, erased: Counter) -> None:
        self._erasure_check = erasure_check
        self._erased = erased

    async def __call__(self, state: RankingState) -> RankingState | None:
        if await self._erasure_check.is_erased(state.request, written_ms=state.written_ms):
            self._erased.inc()
            return None
        return state
