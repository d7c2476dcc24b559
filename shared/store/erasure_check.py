"""Check whether an erasure of its user covers an event; every service uses this check."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final, Protocol

from shared.domain.erasures import Erasure
from shared.domain.time_bounds import written_time
from shared.events.types.base import Event

CACHED_ERASURES: Final = 10_000
"""Erasures kept in memory, about 5 MB: replaying an erased user's history needs one query."""


class Erasures(Protocol):
    """The one method of an `ErasureStore` that the check needs."""

    async def get(self, *, tenant: str, user_id: str) -> Erasure | None: ...


class ErasureCheck:
    """Look up erasures in the store; raises `Unavailable` as the store does.

    An erasure never shrinks, so a cached one that covers an event needs no query. Any other answer
    is read from the store each time: another instance may have written an erasure just now.
    """

    def __init__(self, erasures: Erasures, *, size: int = CACHED_ERASURES) -> None:
        self._erasures = erasures
        self._size = size
        self._cached: OrderedDict[tuple[str, str], Erasure] = OrderedDict()

    async def is_erased(self, event: Event, *, written_ms: int) -> bool:
        """Whether an event is erased; `written_ms` is its record's Kafka timestamp."""
        written_at = written_time(written_ms)
        return await self._check(
            event.tenant,
            event.user_id,
            lambda erasure: erasure.covers(occurred_at=event.occurred_at, written_at=written_at),
        )

    async def are_all_erased(
        self, occurred_at: Iterable[datetime], *, tenant: str, user_id: str
    ) -> bool:
        """Whether all events of one user that occurred at these times are erased."""
        times = tuple(occurred_at)
        return await self._check(
            tenant,
            user_id,
            lambda erasure: all(erasure.covers(occurred_at=time) for time in times),
        )

    async def _check(
        self, tenant: str, user_id: str, is_covered: Callable[[Erasure], bool]
    ) -> bool:
        key = (tenant, user_id)
        cached = self._cached.get(key)
        if cached is not None and is_covered(cached):
            return True
        erasure = await self._erasures.get(tenant=tenant, user_id=user_id)
        if erasure is None:
            return False
        self._cached[key] = erasure
        self._cached.move_to_end(key)
        if len(self._cached) > self._size:
            self._cached.popitem(last=False)
        return is_covered(erasure)
