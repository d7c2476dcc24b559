"""Serve pictures of catalog images. A page never loads an image from a foreign address."""

import asyncio
from typing import Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from services.ops.catalog.reading import serving, stored_image
from services.ops.context import Context
from services.ops.pages.catalog.catalog_ref import PageImage
from services.ops.sample_images import webp

router = APIRouter()
MAX_SIDE: Final = 768
DEFAULT_SIDE: Final = 256
CACHE_HEADERS: Final = {"Cache-Control": "private, max-age=600"}


@router.get("/catalog/thumbnail")
async def thumbnail(
    ops: Context, image: PageImage, side: int = Query(default=DEFAULT_SIDE, ge=32, le=MAX_SIDE)
) -> Response:
    """Return the picture of an image of the catalog, with at most `side` pixels a side."""
    stored = await stored_image(await serving(ops), image)
    loaded = await ops.stores.image_loader.load(stored.entry.uri)
    small = loaded.pixels.copy()
    small.thumbnail((side, side))
    data = await asyncio.to_thread(webp, small)
    return Response(data, media_type="image/webp", headers=CACHE_HEADERS)
