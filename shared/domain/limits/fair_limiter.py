"""Limit concurrent work fairly: in total, per requester and per group, such as a host.

A free place goes to the waiting requester that has used the least capacity (places x seconds) since
it became active: least attained service, as in fair queueing. A requester that holds its places for
long, for example on a slow host, therefore comes after one whose work is short.
"""

import asyncio
import sys
import time
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Hashable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(eq=False)
class Lease:
    """Places that one requester holds until `release`."""

    _limiter: "FairLimiter"
    _requester: Hashable
    _group: Hashable
    _cost: int
    _since: float = 0.0
    _held: bool = False

    def release(self) -> None:
        """Give the places back; a second call does nothing."""
        if self._held:
            self._held = False
            self._limiter._returned(self)


@dataclass(eq=False)
class _Waiter:
    lease: Lease
    granted: asyncio.Future[None]


@dataclass(eq=False)
class _Requester:
    """What one requester holds, waits for and has used; dropped when it is idle."""

    used: float
    """Place-seconds of finished work, and of others' work before this requester became active."""
    held: int = 0
    started_sum: float = 0.0
    """Sum of cost x start over the held places: what they have used follows from the time."""
    held_by_group: Counter[Hashable] = field(default_factory=Counter)
    waiting: OrderedDict[Hashable, deque[_Waiter]] = field(default_factory=OrderedDict)
    """By group, in the order in which the groups have their next place (round robin)."""

    def used_until(self, now: float) -> float:
        return self.used + self.held * now - self.started_sum


class FairLimiter:
    """At most `capacity` places in use, shared fairly between requesters.

    Work of one loop only. `cost` is the number of places that a piece of work takes: 1 for a
    connection, or a number of bytes. A cost above a limit is reduced to it, so that the work can
    run, alone.

    Args:
        capacity: places in total.
        per_requester: places of one requester; below `capacity`, so that others can start at once.
        per_group: places of one group over all requesters; no limit without it.
        per_requester_in_group: places of one requester in one group; no limit without it.
        guaranteed: places that a requester gets even if the total is in use. The true maximum is
            therefore `capacity` and these places of each active requester.
    """

    def __init__(
        self,
        capacity: int,
        *,
        per_requester: int,
        per_group: int | None = None,
        per_requester_in_group: int | None = None,
        guaranteed: int = 0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._capacity = capacity
        self._per_requester = min(per_requester, capacity)
        self._per_group = sys.maxsize if per_group is None else per_group
        self._per_requester_in_group = (
            self._per_requester if per_requester_in_group is None else per_requester_in_group
        )
        self._guaranteed = min(guaranteed, self._per_requester)
        self._now = now
        self._requesters: dict[Hashable, _Requester] = {}
        self._by_group: Counter[Hashable] = Counter()
        self._waiters = 0
        self.in_use = 0
        """Places in use, over all requesters."""

    @property
    def waiting(self) -> int:
        """Pieces of work that wait for a place."""
        return self._waiters

    @asynccontextmanager
    async def place(
        self, requester: Hashable, *, group: Hashable = None, cost: int = 1
    ) -> AsyncIterator[None]:
        """Hold places for the duration of the block."""
        lease = await self.acquire(requester, group=group, cost=cost)
        try:
            yield
        finally:
            lease.release()

    async def acquire(self, requester: Hashable, *, group: Hashable = None, cost: int = 1) -> Lease:
        """Wait for places; the caller releases the lease."""
        limits = [self._per_requester]
        if group is not None:
            limits += [self._per_group, self._per_requester_in_group]
        lease = Lease(self, requester, group, min(cost, *limits))
        account = self._account(requester)
        if not self._waiters and self._has_room(account, lease):
            self._grant(account, lease)
            return lease
        waiter = _Waiter(lease, asyncio.get_running_loop().create_future())
        account.waiting.setdefault(group, deque()).append(waiter)
        self._waiters += 1
        if self._has_room(account, lease):
            self._dispatch()
        try:
            await waiter.granted
        except asyncio.CancelledError:
            if lease._held:
                # The place came in the same moment as the cancellation.
                lease.release()
            else:
                self._withdraw(account, waiter)
            raise
        return lease

    def _account(self, requester: Hashable) -> _Requester:
        account = self._requesters.get(requester)
        if account is None:
            now = self._now()
            # A newcomer starts level with the least served: neither a debt nor a credit.
            used = min((a.used_until(now) for a in self._requesters.values()), default=0.0)
            account = self._requesters[requester] = _Requester(used)
        return account

    def _has_room(self, account: _Requester, lease: Lease) -> bool:
        if not self._allowed(account, lease):
            return False
        guaranteed = account.held + lease._cost <= self._guaranteed
        return guaranteed or self.in_use + lease._cost <= self._capacity

    def _allowed(self, account: _Requester, lease: Lease) -> bool:
        """Whether the requester and the group have room, whatever the total is."""
        if account.held + lease._cost > self._per_requester:
            return False
        group, cost = lease._group, lease._cost
        return group is None or (
            self._by_group[group] + cost <= self._per_group
            and account.held_by_group[group] + cost <= self._per_requester_in_group
        )

    def _grant(self, account: _Requester, lease: Lease) -> None:
        lease._held, lease._since = True, self._now()
        account.held += lease._cost
        account.held_by_group[lease._group] += lease._cost
        account.started_sum += lease._cost * lease._since
        self.in_use += lease._cost
        self._by_group[lease._group] += lease._cost

    def _returned(self, lease: Lease) -> None:
        account = self._requesters[lease._requester]
        account.held -= lease._cost
        account.held_by_group[lease._group] -= lease._cost
        if not account.held_by_group[lease._group]:
            del account.held_by_group[lease._group]
        account.started_sum -= lease._cost * lease._since
        account.used += lease._cost * (self._now() - lease._since)
        self.in_use -= lease._cost
        self._by_group[lease._group] -= lease._cost
        if not self._by_group[lease._group]:
            del self._by_group[lease._group]
        self._drop_if_idle(lease._requester)
        self._dispatch()

    def _withdraw(self, account: _Requester, waiter: _Waiter) -> None:
        group = waiter.lease._group
        queue = account.waiting.get(group, deque())
        # A dispatch may have removed it already.
        if waiter in queue:
            queue.remove(waiter)
            self._removed(account, group)
        if self._requesters.get(waiter.lease._requester) is account:
            self._drop_if_idle(waiter.lease._requester)
        # It may have been the one for which the free places were kept.
        self._dispatch()

    def _removed(self, account: _Requester, group: Hashable) -> None:
        self._waiters -= 1
        if not account.waiting[group]:
            del account.waiting[group]

    def _drop_if_idle(self, requester: Hashable) -> None:
        account = self._requesters[requester]
        if not account.held and not account.waiting:
            del self._requesters[requester]

    def _dispatch(self) -> None:
        """Grant places to waiters until no waiter has room."""
        while self._waiters and self._grant_next():
            pass

    def _grant_next(self) -> bool:
        now = self._now()
        waiting = [account for account in self._requesters.values() if account.waiting]
        # Sorting is stable: equal requesters stay in the order in which they became active.
        waiting.sort(key=lambda account: (account.used_until(now), account.held))
        total_is_kept = False
        for account in waiting:
            waiter = next(self._allowed_waiters(account), None)
            if waiter is None:
                continue
            if self._has_room(account, waiter.lease) and (
                not total_is_kept or account.held + waiter.lease._cost <= self._guaranteed
            ):
                self._hand_over(account, waiter)
                return True
            # The free places are kept for this one: smaller work must not overtake it for ever.
            total_is_kept = True
        return False

    def _allowed_waiters(self, account: _Requester) -> Iterator[_Waiter]:
        for group, queue in list(account.waiting.items()):
            # The caller was cancelled in this moment, and has not run yet to withdraw it.
            while queue and queue[0].granted.done():
                queue.popleft()
                self._removed(account, group)
            if queue and self._allowed(account, queue[0].lease):
                yield queue[0]

    def _hand_over(self, account: _Requester, waiter: _Waiter) -> None:
        group = waiter.lease._group
        account.waiting[group].popleft()
        account.waiting.move_to_end(group)
        self._removed(account, group)
        self._grant(account, waiter.lease)
        waiter.granted.set_result(None)
