"""An operator has replayed or dropped a dead letter."""

from typing import ClassVar, Literal

from shared.events.types.base import UserEvent
from shared.events.types.fields import Identifier, Text

Resolution = Literal["replayed", "dropped"]


class DeadLetterResolved(UserEvent):
    """`dlq.resolved.v1`: this dead letter was replayed or dropped and is no longer open.

    The event is not about a user: `user_id`, the record key, holds the position of the dead letter,
    for example `feedback.v1.dlq/3/17`.
    """

    event_type: ClassVar[str] = "dlq.resolved.v1"

    resolution: Resolution
    reason: Identifier
    """Why the record became a dead letter (its `x-error`)."""
    fixed: bool = False
    """Whether it was replayed with a changed value."""
    by: Identifier | None = None
    """The operator, if known."""
    note: Text | None = None

    @property
    def letter(self) -> str:
        """Position of the dead letter: topic/partition/offset."""
        return self.user_id
