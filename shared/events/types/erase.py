"""A request to erase a user, and the receipt of each service."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, ClassVar, Final
from uuid import UUID

from pydantic import Field

from shared.domain.ids import erased_event_id
from shared.domain.user import User
from shared.events.types.base import UserEvent
from shared.events.types.fields import Identifier, Text


class UserErase(UserEvent):
    """`user.erase.v1`: remove everything about this user."""

    event_type: ClassVar[str] = "user.erase.v1"

    reason: Text | None = None

    def receipt(
        self,
        service: str,
        *,
        at: datetime,
        removed: Mapping[str, int],
        remaining: Mapping[str, int],
        not_searched: Sequence[str] = (),
    ) -> "UserErased":
        """A service's receipt. A redelivered request gets the same event id, so apps can upsert."""
        return UserErased(
            event_id=erased_event_id(
                User(self.tenant, self.user_id), erase_event_id=self.event_id, service=service
            ),
            occurred_at=at,
            user_id=self.user_id,
            tenant=self.tenant,
            erase_event_id=self.event_id,
            service=service,
            removed=dict(removed),
            remaining=dict(remaining),
            not_searched=tuple(not_searched),
        )


class UserErased(UserEvent):
    """`user.erased.v1`: the receipt of one service, with counts of what it removed, by kind."""

    event_type: ClassVar[str] = "user.erased.v1"

    erase_event_id: UUID
    service: Identifier
    removed: dict[str, Annotated[int, Field(ge=0)]]
    remaining: Annotated[
        dict[str, Annotated[int, Field(ge=0)]], Field(exclude_if=lambda counts: not counts)
    ] = Field(default_factory=dict)
    """What a search of the service's stores still found afterwards, by kind. All counts are 0 when
    the erasure is complete. A service that does not search leaves the field out."""
    not_searched: Annotated[
        tuple[Text, ...], Field(max_length=20, exclude_if=lambda places: not places)
    ] = ()
    """Where deleted data may still lie and the service cannot search, in words: such as the files
    of a Qdrant server, which overwrites them by itself. Absent where everything was searched."""


ERASING_SERVICES: Final = ("profile", "assessor", "retrain")
"""Services that store data of users; each answers an erasure request with a receipt."""
