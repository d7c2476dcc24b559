"""Endpoints of the catalog: publish, list and remove images, feeds from it, similar images."""

from fastapi import APIRouter

from services.ops.gateway.catalog import feed, publishing, reading, removal

router = APIRouter()
for part in (publishing, removal, reading, feed):
    router.include_router(part.router)

__all__ = ["router"]
