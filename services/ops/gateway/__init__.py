"""The gateway: everything an app does with Kafka, over HTTP."""

from fastapi import APIRouter

from services.ops.gateway import candidates, corrections, events, feedback, feeds, profiles


def gateway_router() -> APIRouter:
    """All endpoints below `/v1`."""
    router = APIRouter()
    for part in (candidates, feeds, feedback, corrections, profiles, events):
        router.include_router(part.router)
    return router
