"""The playground page: like images, rank them, and watch profile and feed change."""

from fastapi import APIRouter

from services.ops.pages.playground import page, thumbnails

router = APIRouter()
router.include_router(page.router)
router.include_router(thumbnails.router)

__all__ = ["router"]
