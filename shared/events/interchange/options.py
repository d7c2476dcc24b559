"""What an import may be given: tenant, names of fields and events, and what is missing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Final, Literal

from shared.events.interchange.addresses import AddressBook
from shared.events.types.base import DEFAULT_TENANT

UserField = Literal["client_id", "user_id"]
ADDRESS_FIELDS: Final = (
    "uri", "image_uri", "url", "image_url", "image", "img", "picture", "photo", "thumbnail",
)  # fmt: skip
"""Where an item's address is looked for without `--uri-field`."""


@dataclass(frozen=True)
class ImportOptions:
    """The choices of one import."""

    names: Mapping[str, str]
    """Type of feedback for each normalized event name (`event_names`)."""
    now: datetime
    """The time of the import: the limit of times, and the time of what has none of its own."""
    tenant: str = DEFAULT_TENANT
    uri_field: str | None = None
    uri_template: str | None = None
    """An address with `{id}`, for systems that do not store addresses."""
    tags_field: str | None = None
    user_field: UserField = "client_id"
    """UBI: whether the client or the signed-in user is our user; the other one where it is
    missing."""
    zone: tzinfo = UTC
    """Zone of times without one."""
    missing_time: datetime | None = None
    """For feedback without a time; without it, such rows are refused."""
    images: AddressBook = field(default_factory=AddressBook)
    """Images that were read before, for the address of feedback and for partial updates."""
