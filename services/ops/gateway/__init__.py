"""The HTTP gateway: endpoints for apps without a Kafka client."""

from fastapi import APIRouter

from services.ops.gateway import (
    candidates,
    catalog,
    corrections,
    events,
    feedback,
    feeds,
    generation,
    profiles,
)


def gateway_router() -> APIRouter:
    """Return all endpoints under `/v1`."""
    router = APIRouter()
    parts = (candidates, catalog, feeds, feedback, corrections, generation, profiles, events)
    for part in parts:
        router.include_router(part.router)
    return router
