"""The HTTP gateway: endpoints for apps without a Kafka client."""

from fastapi import APIRouter

from services.ops.gateway import (
    candidates,
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
    for part in (candidates, feeds, feedback, corrections, generation, profiles, events):
        router.include_router(part.router)
    return router
