"""What every event carries: an id, a moment, a user and a tenant."""

from typing import ClassVar
from uuid import UUID

from shared.domain.taste import Value
from shared.events.types.fields import Identifier, Moment

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
        """The Kafka record key: keeps one user's events in order, and names them when compacted.

        The user's id; outside the default tenant the tenant stands before it, behind a separator
        that no identifier can contain, so that equal ids of two tenants stay two users.
        """
        return record_key(tenant=self.tenant, user_id=self.user_id)


def record_key(*, tenant: str, user_id: str) -> str:
    """The record key of one user's events (`Event.key`)."""
    return user_id if tenant == DEFAULT_TENANT else f"{tenant}\x1f{user_id}"
