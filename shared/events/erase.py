"""A user asks to be forgotten, and each service says what it removed."""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from shared.events.base import Event
from shared.events.fields import Identifier, Text


class UserErase(Event):
    """`user.erase.v1`: remove everything about this user."""

    event_type: ClassVar[str] = "user.erase.v1"

    reason: Text | None = None


class UserErased(Event):
    """`user.erased.v1`: one service's receipt, with what it removed, by kind."""

    event_type: ClassVar[str] = "user.erased.v1"

    erase_event_id: UUID
    service: Identifier
    removed: dict[str, Annotated[int, Field(ge=0)]]
