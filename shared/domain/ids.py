"""Derive ids from what they stand for, so that doing a thing twice gives the same id."""

from typing import Final
from uuid import UUID, uuid5

NAMESPACE: Final = UUID("6f0d7c1e-54f6-5c0a-9a38-0d5f3c1b7a11")
"""Our own; changing it would give every stored profile and every redelivered feed a new id."""


def derived_id(kind: str, *parts: str | int | None) -> UUID:
    """A uuid5 of `kind` and its parts; the lengths are part of it, so parts cannot run together."""
    text = "".join(f"{len(str(part))}:{part}" for part in (kind, *parts))
    return uuid5(NAMESPACE, text)


def feed_id(
    *, tenant: str, request_id: str, model_version: str, profile_version: int | None
) -> UUID:
    """The id of the feed that answers a request with this model and this profile."""
    return derived_id("feed", tenant, request_id, model_version, profile_version)


def exploration_seed(*, tenant: str, request_id: str) -> UUID:
    """What a request's chance is drawn from, so that a redelivered one gives the same feed."""
    return derived_id("exploration", tenant, request_id)


def profile_event_id(*, tenant: str, user_id: str, profile_version: int) -> UUID:
    return derived_id("profile-updated", tenant, user_id, profile_version)


def profile_point_id(*, tenant: str, user_id: str, taste: int = 0) -> UUID:
    """The store's id of one taste of one user."""
    return derived_id("profile", tenant, user_id, taste)


def image_point_id(*, content_hash: str, model_version: str) -> UUID:
    """The store's id of what one model saw in one image."""
    return derived_id("image", content_hash, model_version)


def erased_event_id(*, erase_event_id: UUID, service: str) -> UUID:
    return derived_id("user-erased", str(erase_event_id), service)
