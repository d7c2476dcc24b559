"""The fields of every event: id, time, user and tenant."""

from typing import ClassVar
from uuid import UUID

from shared.domain.taste import Value
from shared.events.types.fields import Identifier, Moment

DEFAULT_TENANT = "default"


class Event(Value):
    """A frozen fact about one user. Unknown fields are ignored on input and never sent."""

    event_type: ClassVar[str]
    """Name of the topic and the CloudEvents `type`, for example `feedback.v1`."""

    event_id: UUID
    occurred_at: Moment
    """When it happened: RFC 3339 with a zone, in 1970 or later, and at most 24 hours ahead of the
    reader's clock. Second 60 is read as the next second."""
    user_id: Identifier
    tenant: Identifier = DEFAULT_TENANT

    @property
    def key(self) -> str:
        """The Kafka record key. It keeps one user's events in order and drives compaction.

        It is the user's id. Outside the default tenant it is the tenant, a separator that no
        identifier can contain, and the user's id: equal ids of two tenants stay two users.
        """
        return record_key(tenant=self.tenant, user_id=self.user_id)


def record_key(*, tenant: str, user_id: str) -> str:
    """The record key of one user's events (`Event.key`)."""
    return user_id if tenant == DEFAULT_TENANT else f"{tenant}\x1f{user_id}"
