"""Up to which moment a person has been erased, and which of their events that covers."""

from datetime import UTC, datetime
from typing import Self

from pydantic import AwareDatetime

from shared.domain.ids import derived_id
from shared.domain.taste import Value


class Erasure(Value):
    """What happened before these moments is not taken in again; who comes back begins anew."""

    occurred_at: AwareDatetime
    """When the erasure was asked for, by the clock of who asked."""
    written_at: AwareDatetime
    """When that was written to Kafka."""

    @classmethod
    def asked(cls, occurred_at: datetime, *, written_ms: int) -> Self:
        """An erasure from its event and the Kafka timestamp, milliseconds, of its record."""
        written_at = datetime.fromtimestamp(written_ms / 1000, UTC)
        # A clock that runs ahead must not shut out what the person does from now on.
        return cls(occurred_at=min(occurred_at, written_at), written_at=written_at)

    def covers(self, occurred_at: datetime, *, written_at: datetime) -> bool:
        """Whether an event is from before: by its own clock, or by its place in Kafka.

        Either will do: what was sent late happened before, and what waited in Kafka was there.
        """
        return occurred_at <= self.occurred_at or written_at <= self.written_at

    def covers_record(self, occurred_at: datetime, *, written_ms: int) -> bool:
        """The same of an event and the Kafka timestamp, milliseconds, of its record."""
        return self.covers(occurred_at, written_at=datetime.fromtimestamp(written_ms / 1000, UTC))

    def with_earlier(self, other: "Erasure | None") -> "Erasure":
        """Both of a person's erasures as one."""
        if other is None:
            return self
        return Erasure(
            occurred_at=max(self.occurred_at, other.occurred_at),
            written_at=max(self.written_at, other.written_at),
        )


def erased_person(*, tenant: str, user_id: str) -> str:
    """What is kept of an erased person's name: enough to know them again, too little to tell it."""
    return str(derived_id("erased", tenant, user_id))
