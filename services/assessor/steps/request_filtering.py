"""Skip a request that already has its feed, or whose user was erased after the request."""

from collections import OrderedDict

from prometheus_client import Counter

from services.assessor.steps.state import RankingState
from shared.store.erasure_check import ErasureCheck

RequestKey = tuple[str, str]
"""Tenant and request id."""


class AnsweredRequests:
    """The latest requests with a published feed; the oldest are dropped first."""

    def __init__(self, *, size: int) -> None:
        self._size = size
        self._user_ids: OrderedDict[RequestKey, str] = OrderedDict()

    def __contains__(self, key: RequestKey) -> bool:
        return key in self._user_ids

    def add(self, key: RequestKey, *, user_id: str) -> None:
        self._user_ids[key] = user_id
        self._user_ids.move_to_end(key)
        while len(self._user_ids) > self._size:
            self._user_ids.popitem(last=False)

    def forget(self, *, tenant: str, user_id: str) -> int:
        """Drop the requests of one user; returns how many there were."""
        keys = self._keys_of(tenant, user_id)
        for key in keys:
            del self._user_ids[key]
        return len(keys)

    def count(self, *, tenant: str, user_id: str) -> int:
        """Number of requests of one user."""
        return len(self._keys_of(tenant, user_id))

    def _keys_of(self, tenant: str, user_id: str) -> list[RequestKey]:
        return [key for key, user in self._user_ids.items() if (key[0], user) == (tenant, user_id)]


class SkipAnswered:
    """The step that ends a redelivered request: its feed was published before."""

    def __init__(self, answered: AnsweredRequests, duplicates: Counter) -> None:
        self._answered = answered
        self._duplicates = duplicates

    async def __call__(self, state: RankingState) -> RankingState | None:
        if (state.request.tenant, state.request.request_id) in self._answered:
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
