"""The pages of the catalog: browse and search it, and one page for each image."""

from fastapi import APIRouter

from services.ops.pages.catalog import browse, image_page, picture_search, progress, thumbnails

router = APIRouter()
for page in (browse, image_page, picture_search, progress, thumbnails):
    router.include_router(page.router)

__all__ = ["router"]
