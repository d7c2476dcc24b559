"""Make the response of a thumbnail: a small picture that browsers check before each use."""

import asyncio
from hashlib import sha256
from typing import Final

from fastapi import Request
from starlette.responses import Response

from services.ops.context import OpsContext
from services.ops.removed_images import refuse_removed
from services.ops.sample_images import webp
from shared.domain.images.image_key import ImageKey

CACHE_CONTROL: Final = "private, no-cache"
"""The browser keeps the picture and asks before each use: a removed image is then shown no more,
and any other is not loaded again."""


async def thumbnail_response(
    http: Request, ops: OpsContext, image: ImageKey, uri: str, *, side: int
) -> Response:
    """The picture of an image with at most `side` pixels a side; 304 if the browser has it.

    Raises a problem for a removed image, `Unprocessable` and `Unavailable`.
    """
    await refuse_removed(ops, image)
    tag = f'"{sha256(f"{uri} {side}".encode()).hexdigest()[:32]}"'
    headers = {"Cache-Control": CACHE_CONTROL, "ETag": tag}
    if tag in http.headers.get("If-None-Match", ""):
        return Response(status_code=304, headers=headers)
    loaded = await ops.stores.image_loader.load(uri)
    small = loaded.pixels.copy()
    small.thumbnail((side, side))
    # The image may have been removed while it was loaded.
    await refuse_removed(ops, image)
    data = await asyncio.to_thread(webp, small)
    return Response(data, media_type="image/webp", headers=headers)
