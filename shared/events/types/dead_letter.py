"""A person has dealt with a dead letter."""

from typing import ClassVar, Literal

from shared.events.types.base import Event
from shared.events.types.fields import Identifier, Text

Resolution = Literal["replayed", "dropped"]


class DeadLetterResolved(Event):
    """`dlq.resolved.v1`: this dead letter was replayed or dropped, and is not open any more.

    It is about no person: `user_id` carries the letter's place, `feedback.v1.dlq/3/17`, which is
    the record's key.
    """

    event_type: ClassVar[str] = "dlq.resolved.v1"

    resolution: Resolution
    reason: Identifier
    """Why the record had been set aside (its `x-error`)."""
    fixed: bool = False
    """Replayed with another value than the one that was set aside."""
    by: Identifier | None = None
    """Who did it, as far as the tool knows."""
    note: Text | None = None

    @property
    def letter(self) -> str:
        """The letter's place: topic/partition/offset."""
        return self.user_id
