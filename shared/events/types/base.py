"""The fields of every event: id and time, and its user, or its image, with the tenant."""

from typing import ClassVar, Final
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from shared.domain.errors import Unprocessable
from shared.domain.images.image_key import ImageKey
from shared.domain.taste import Value
from shared.events.types.fields import Identifier, Moment

DEFAULT_TENANT = "default"
KEY_SEPARATOR = "\x1f"
"""Separates the tenant from the id in a record key; no identifier can contain it."""
_IDENTIFIER: Final = TypeAdapter[str](Identifier)


class Event(Value):
    """A frozen fact. Unknown fields are ignored on input and never sent."""

    event_type: ClassVar[str]
    """Name of the topic and the CloudEvents `type`, for example `feedback.v1`."""

    event_id: UUID
    occurred_at: Moment
    """When it happened: RFC 3339 with a zone, in 1970 or later, and at most 24 hours ahead of the
    reader's clock. Second 60 is read as the next second."""

    @property
    def key(self) -> str:
        """The Kafka record key."""
        raise NotImplementedError(f"{type(self).__name__} is about a user or an image")


class UserEvent(Event):
    """A fact about one user."""

    user_id: Identifier
    tenant: Identifier = DEFAULT_TENANT

    @property
    def key(self) -> str:
        """The Kafka record key. It keeps one user's events in order and drives compaction.

        It is the user's id. Outside the default tenant it is the tenant, a separator that no
        identifier can contain, and the user's id: equal ids of two tenants stay two users.
        """
        return record_key(tenant=self.tenant, user_id=self.user_id)


class ImageEvent(Event):
    """A fact about one image of a tenant, and about no single user."""

    tenant: Identifier = DEFAULT_TENANT
    image_id: Identifier

    @property
    def key(self) -> str:
        """The Kafka record key: like a user's, with the image id in place of the user id."""
        return image_record_key(self.image_key)

    @property
    def image_key(self) -> ImageKey:
        return ImageKey(self.tenant, self.image_id)


def record_key(*, tenant: str, user_id: str) -> str:
    """The record key of one user's events (`UserEvent.key`)."""
    return user_id if tenant == DEFAULT_TENANT else f"{tenant}{KEY_SEPARATOR}{user_id}"


def image_record_key(image: ImageKey) -> str:
    """The record key of one image's events (`ImageEvent.key`); a tombstone has nothing else."""
    return record_key(tenant=image.tenant, user_id=image.image_id)


def image_of_record_key(key: bytes | None) -> ImageKey:
    """The image of a tombstone; raises `Unprocessable` for a key that names no image."""
    try:
        text = (key or b"").decode()
    except UnicodeDecodeError as error:
        raise _names_no_image("is not UTF-8") from error
    tenant, separator, image_id = text.rpartition(KEY_SEPARATOR)
    try:
        _IDENTIFIER.validate_python(image_id)
        _IDENTIFIER.validate_python(tenant if separator else DEFAULT_TENANT)
    except ValidationError as error:
        raise _names_no_image("has no valid image id, or no valid tenant before it") from error
    return ImageKey(tenant if separator else DEFAULT_TENANT, image_id)


def _names_no_image(problem: str) -> Unprocessable:
    return Unprocessable(
        "bad_key",
        f"the record's key {problem}; send the image id, outside the tenant `{DEFAULT_TENANT}`"
        " after the tenant and U+001F",
    )
