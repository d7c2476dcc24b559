"""Derive ids from their content, so that repeated work gives the same id."""

from collections.abc import Iterable
from hashlib import sha1
from typing import Final
from uuid import UUID, uuid5

from shared.domain.images.image_key import ImageKey
from shared.domain.requests.request_key import RequestKey
from shared.domain.user import User

NAMESPACE: Final = UUID("6f0d7c1e-54f6-5c0a-9a38-0d5f3c1b7a11")
"""Namespace of all derived ids; a change would give every stored profile and feed a new id."""


def derived_id(kind: str, *parts: str | int | None) -> UUID:
    """A uuid5 of `kind` and its parts; each part's length is included, so parts cannot merge."""
    return uuid5(NAMESPACE, _text(kind, *parts))


def _text(*parts: str | int | None) -> str:
    return "".join(f"{len(str(part))}:{part}" for part in parts)


def _uuid5(content: bytes) -> str:
    """The uuid5 of a namespace and a name, one after the other, as text (RFC 9562, 5.5)."""
    digest = bytearray(sha1(content, usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    text = digest.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def feed_id(
    request: RequestKey, *, request_hash: str, model_version: str, profile_version: int | None
) -> UUID:
    """The event id of the feed that one model and one profile version make for a request."""
    return derived_id("feed", *request, request_hash, model_version, profile_version)


def exploration_seed(request: RequestKey, *, request_hash: str) -> UUID:
    """The random seed of a request's exploration; a redelivered request gets the same feed.

    User and content are part of it: with an app that sends one request id for everybody, all feeds
    would otherwise swap the same positions, and propensities would be wrong.
    """
    return derived_id("exploration", *request, request_hash)


def retrieval_seed(request: RequestKey, *, request_hash: str) -> UUID:
    """The random seed of a request's draw from the catalog; a redelivered request draws again the
    same images."""
    return derived_id("retrieval", *request, request_hash)


def profile_event_id(*, tenant: str, user_id: str, profile_version: int) -> UUID:
    """The event id of one version of a user's profile."""
    return derived_id("profile-updated", tenant, user_id, profile_version)


def profile_point_id(*, tenant: str, user_id: str, taste: int = 0) -> UUID:
    """The Qdrant point id of one taste of one user."""
    return derived_id("profile", tenant, user_id, taste)


def image_point_id(*, content_hash: str, model_version: str) -> UUID:
    """The Qdrant point id of one model's description of one image."""
    return derived_id("image", content_hash, model_version)


def erased_event_id(user: User, *, erase_event_id: UUID, service: str) -> UUID:
    """The event id of one service's receipt for an erasure."""
    return derived_id("user-erased", *user, str(erase_event_id), service)


def catalog_point_id(image: ImageKey) -> UUID:
    """The Qdrant point id of one image of a tenant's catalog."""
    return derived_id("catalog-image", *image)


def catalog_point_ids(tenant: str, image_ids: Iterable[str]) -> list[str]:
    """`catalog_point_id` of many images of a tenant as texts, in a fraction of the time."""
    prefix = NAMESPACE.bytes + _text("catalog-image", tenant).encode()
    return [_uuid5(prefix + _text(image_id).encode()) for image_id in image_ids]
