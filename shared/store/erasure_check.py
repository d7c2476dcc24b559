"""Check whether an erasure of its user covers an event; every service uses this check."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Final, Protocol

from shared.domain.erasures import Erasure
from shared.domain.times.time_bounds import written_time
from shared.domain.user import User
from shared.events.types.base import UserEvent

PAUSE_SECONDS: Final = 0.005
"""Pause between two queries while checks keep coming, so that one query serves many of them."""
CACHED_ERASURES: Final = 10_000
"""Erasures kept in memory, about 5 MB: replaying an erased user's history needs one query."""


class Erasures(Protocol):
    """The one method of an `ErasureStore` that the check needs."""

    async def get_many(self, users: Collection[User]) -> Mapping[User, Erasure]: ...


class ErasureCheck:
    """Look up erasures in the store; raises `Unavailable` as the store does.

    An erasure never shrinks, so a cached one that covers an event needs no query. Any other answer
    is read from the store after the call: another instance may have written an erasure just now.
    Checks that come while a query runs share the next one, whatever their users are.
    """

    def __init__(self, erasures: Erasures, *, size: int = CACHED_ERASURES) -> None:
        self._erasures = erasures
        self._size = size
        self._cached: OrderedDict[User, Erasure] = OrderedDict()
        self._waiting: dict[User, asyncio.Future[_Result]] = {}
        self._reader: asyncio.Task[None] | None = None

    async def is_erased(self, event: UserEvent, *, written_ms: int) -> bool:
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
        user = User(tenant, user_id)
        cached = self._cached.get(user)
        if cached is not None and is_covered(cached):
            return True
        erasure = await self._read(user)
        if erasure is None:
            return False
        self._cached[user] = erasure
        self._cached.move_to_end(user)
        if len(self._cached) > self._size:
            self._cached.popitem(last=False)
        return is_covered(erasure)

    async def _read(self, user: User) -> Erasure | None:
        if user not in self._waiting:
            self._waiting[user] = asyncio.get_running_loop().create_future()
        if self._reader is None:
            self._reader = asyncio.create_task(self._read_waiting())
        # Several checks wait for one future; without the shield, one of them could cancel it.
        result = await asyncio.shield(self._waiting[user])
        if isinstance(result, Exception):
            raise result.with_traceback(None)
        return result

    async def _read_waiting(self) -> None:
        try:
            while self._waiting:
                waiting, self._waiting = self._waiting, {}
                results = await self._results(list(waiting))
                for user, future in waiting.items():
                    future.set_result(results.get(user))
                if len(waiting) > 1 or self._waiting:
                    await asyncio.sleep(PAUSE_SECONDS)
        finally:
            self._reader = None

    async def _results(self, users: Collection[User]) -> "Mapping[User, _Result]":
        try:
            return await self._erasures.get_many(users)
        # As a result: each check raises it, and a check that was cancelled leaves no error behind.
        except Exception as error:
            return dict.fromkeys(users, error)


_Result = Erasure | Exception | None
