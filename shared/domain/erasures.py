"""Decide which events of a user an erasure covers."""

from datetime import datetime
from typing import Self

from pydantic import AwareDatetime

from shared.domain.ids import derived_id
from shared.domain.taste import Value
from shared.domain.times.time_bounds import written_time


class Erasure(Value):
    """The limits of one user's erasure: the services ignore every event that it covers.

    A user who returns later starts again with an empty profile.
    """

    occurred_at: AwareDatetime
    """When the user requested the erasure, by the clock of the app that sent the request."""
    written_at: AwareDatetime
    """When the request's record was written, by its Kafka timestamp."""

    @classmethod
    def from_event(
        cls, occurred_at: datetime, *, written_ms: int, now: datetime | None = None
    ) -> Self:
        """Make an erasure from its event's time and its record's Kafka timestamp, milliseconds.

        A timestamp that no clock can have written is replaced by the event's time. `now` limits
        both: a timestamp of the year 2099 would erase all events of a user who returns.
        """
        written_at = written_time(written_ms, now=now)
        if written_at is None:
            written_at = occurred_at if now is None else min(occurred_at, now)
        # Without the limit, an app clock that is ahead would erase the user's later events too.
        return cls(occurred_at=min(occurred_at, written_at), written_at=written_at)

    def covers(
        self, *, occurred_at: datetime | None = None, written_at: datetime | None = None
    ) -> bool:
        """Whether an event is older than the erasure; None means that a time is unknown.

        One of the two times is enough: an event may be sent late, or by a clock that is ahead.
        """
        happened_before = occurred_at is not None and occurred_at <= self.occurred_at
        written_before = written_at is not None and written_at <= self.written_at
        return happened_before or written_before

    def with_earlier(self, other: "Erasure | None") -> "Erasure":
        """Merge two erasures of one user: the later limits count."""
        if other is None:
            return self
        return Erasure(
            occurred_at=max(self.occurred_at, other.occurred_at),
            written_at=max(self.written_at, other.written_at),
        )


def erased_user_hash(*, tenant: str, user_id: str) -> str:
    """The hash under which an erased user is stored: it identifies the user, without the name."""
    return str(derived_id("erased", tenant, user_id))
