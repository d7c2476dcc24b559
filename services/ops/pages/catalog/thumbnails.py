"""Serve pictures of catalog images. A page never loads an image from a foreign address."""

from typing import Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from services.ops.catalog.reading import serving, stored_image
from services.ops.context import Context
from services.ops.pages.catalog.catalog_ref import PageImage
from services.ops.pages.thumbnail_response import thumbnail_response
from services.ops.removed_images import refuse_removed

router = APIRouter()
MAX_SIDE: Final = 768
DEFAULT_SIDE: Final = 256


@router.get("/catalog/thumbnail")
async def thumbnail(
    http: Request,
    ops: Context,
    image: PageImage,
    side: int = Query(default=DEFAULT_SIDE, ge=32, le=MAX_SIDE),
) -> Response:
    """Return the picture of an image of the catalog, with at most `side` pixels a side."""
    await refuse_removed(ops, image)
    stored = await stored_image(await serving(ops), image)
    return await thumbnail_response(http, ops, stored.entry.key, stored.entry.uri, side=side)
