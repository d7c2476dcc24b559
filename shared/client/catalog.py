"""Build the records of the catalog that apps send: images, removals, and requests for a feed."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import uuid4

from shared.client.requests import request
from shared.domain.clock import system_clock
from shared.domain.images.image_key import ImageKey
from shared.events import CatalogImage, ImageCandidates, RankedFeed
from shared.events.topics import CATALOG
from shared.events.types.base import image_of_record_key, image_record_key
from shared.events.types.fields import now_context
from shared.events.wire.record import Outgoing

CatalogImages = Mapping[str, str] | Iterable[CatalogImage]
"""Images for the catalog: addresses by image id, or complete events."""
WANTED = ("limit", "filter", "similar_to", "cursor")
"""Fields of `from_catalog`."""
OF_THE_FIRST_PAGE = frozenset({"filter", "similar_to", "request_id", "event_id", "occurred_at"})
"""Fields that a request for a further page does not repeat."""


def catalog_image(image_id: str, uri: str, **fields: Any) -> CatalogImage:
    """An image for the catalog; raises pydantic's `ValidationError`, a `ValueError`.

    `fields` are those of the event: `author_id`, `created_at`, `tags`, `metadata`,
    `available_from`, `available_until`, `tenant`.
    """
    return CatalogImage.model_validate(
        {
            "event_id": uuid4(),
            "occurred_at": system_clock(),
            "image_id": image_id,
            "uri": uri,
            **fields,
        },
        context=now_context(),
    )


def catalog_images(images: CatalogImages, *, tenant: str) -> list[CatalogImage]:
    """The events of these images; those that are given as addresses belong to `tenant`."""
    if not isinstance(images, Mapping):
        return list(images)
    return [catalog_image(image_id, uri, tenant=tenant) for image_id, uri in images.items()]


def removal(image_id: str, *, tenant: str) -> Outgoing:
    """The tombstone that removes an image; raises `Unprocessable` when the id is not valid."""
    key = image_record_key(ImageKey(tenant, image_id)).encode()
    image_of_record_key(key)
    return Outgoing(CATALOG.name, key, None)


def feed_request(user_id: str, **fields: Any) -> ImageCandidates:
    """A request for a feed of catalog images; raises pydantic's `ValidationError`.

    `fields` are those of `from_catalog` (`limit`, `filter`, `similar_to`, `cursor`) and those of
    the event (`top_k`, `explain`, `deadline_ms`, `exclude_ids`, `tenant`).
    """
    wanted = {name: fields.pop(name) for name in WANTED if fields.get(name) is not None}
    fields = {name: value for name, value in fields.items() if name not in WANTED}
    return request(user_id, (), from_catalog=wanted, **fields)


def next_page(feed: RankedFeed, fields: Mapping[str, Any]) -> dict[str, Any] | None:
    """The fields of `feed_request` for the page after a feed; None after the last page.

    The filter and `similar_to` are those of the first page, which the cursor stands for. Each page
    is a request of its own: with the id of the first one it would be that page again.
    """
    if feed.next_cursor is None:
        return None
    kept = {name: value for name, value in fields.items() if name not in OF_THE_FIRST_PAGE}
    return {**kept, "cursor": feed.next_cursor}
