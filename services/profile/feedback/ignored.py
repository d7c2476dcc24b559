"""Count the feedback that becomes no reference, by reason."""

from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from shared.domain.user import User
from shared.events.types.taste_change import IgnoredReason
from shared.store.protocol import Reference

MAX_USERS: Final = 10_000
"""Users whose counts wait for their first profile; the oldest is dropped first."""


@dataclass(frozen=True)
class Ignored:
    """The decision on feedback that becomes no reference."""

    reason: IgnoredReason


class IgnoredCounts:
    """Counts of users without a stored profile, in memory until their first one.

    A stored profile has its counts with it, so that a restart loses none.
    """

    def __init__(self) -> None:
        self._counts: OrderedDict[User, Counter[IgnoredReason]] = OrderedDict()

    def add(self, user: User, counts: Mapping[IgnoredReason, int]) -> None:
        self._counts.setdefault(user, Counter()).update(counts)
        if len(self._counts) > MAX_USERS:
            self._counts.popitem(last=False)

    def take(self, user: User) -> Counter[IgnoredReason]:
        """The counts of a user since the last call."""
        return self._counts.pop(user, Counter())


def left_out(
    before: Sequence[Reference], new: Iterable[Reference], merged: Sequence[Reference]
) -> Counter[IgnoredReason]:
    """The references that a merge has left out: new ones, and earlier ones that they displace."""
    kept_events = {reference.event_id for reference in merged}
    kept_images = {reference.content_hash for reference in merged}
    return Counter(
        "replaced" if reference.content_hash in kept_images else "side_full"
        for reference in (*before, *new)
        if reference.event_id not in kept_events
    )


def summed(
    earlier: Mapping[IgnoredReason, int], *later: Mapping[IgnoredReason, int]
) -> dict[IgnoredReason, int]:
    """The counts of all of them, without zeros."""
    total: Counter[IgnoredReason] = Counter(earlier)
    for counts in later:
        total.update(counts)
    return {reason: count for reason, count in total.items() if count}
