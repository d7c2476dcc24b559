"""The gateway: everything an app does with Kafka, over HTTP."""

from fastapi import APIRouter

from services.ops.gateway import candidates, events, feedback, feeds, profiles


def gateway_router() -> APIRouter:
    """All endpoints below `/v1`."""
    router = APIRouter(prefix="/v1")
    for part in (candidates, feeds, feedback, profiles, events):
        router.include_router(part.router)
    return router
