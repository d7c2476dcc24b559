"""What every event carries: an id, a moment, a user and a tenant."""

from typing import ClassVar
from uuid import UUID

from shared.events.fields import Identifier, Moment
from shared.taste import Value

DEFAULT_TENANT = "default"


class Event(Value):
    """A frozen fact about one user; unknown fields are ignored on the way in, never sent out."""

    event_type: ClassVar[str]
    """The topic that carries it and its CloudEvents `type`: `feedback.v1`."""

    event_id: UUID
    occurred_at: Moment
    user_id: Identifier
    tenant: Identifier = DEFAULT_TENANT

    @property
    def key(self) -> str:
        """The Kafka record key, which keeps one user's events in order."""
        return self.user_id
