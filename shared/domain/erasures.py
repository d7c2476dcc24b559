"""Decide which events of a user an erasure covers."""

from datetime import UTC, datetime
from typing import Self

from pydantic import AwareDatetime

from shared.domain.ids import derived_id
from shared.domain.taste import Value


class Erasure(Value):
    """The limits of one user's erasure: the services ignore every event that it covers.

    A user who returns later starts again with an empty profile.
    """

    occurred_at: AwareDatetime
    """When the user requested the erasure, by the clock of the app that sent the request."""
    written_at: AwareDatetime
    """Kafka timestamp of the request's record."""

    @classmethod
    def from_event(cls, occurred_at: datetime, *, written_ms: int) -> Self:
        """Make an erasure from its event's time and its record's Kafka timestamp, milliseconds."""
        written_at = datetime.fromtimestamp(written_ms / 1000, UTC)
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
