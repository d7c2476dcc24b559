"""Show images small, by id, through the guarded loader: a page never loads foreign addresses."""

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from services.ops.context import Ops, OpsOf
from services.ops.http.problems import Problem
from services.ops.samples import webp
from services.ops.pages.users.user_access import Person, PersonOf

router = APIRouter()
SIDE_PIXELS: Final = 256
KEPT: Final = {"Cache-Control": "private, max-age=600"}


@router.get("/thumbnail")
async def thumbnail(
    ops: OpsOf, person: PersonOf, image: Annotated[str, Query(max_length=256)]
) -> Response:
    """An image that the person has referred to, or that a feed of their tenant has ranked."""
    uri = await _uri(ops, person, image)
    if uri is None:
        raise Problem(404, "unknown-image", f"We do not know where the image {image!r} lies.")
    loaded = await ops.stores.images.load(uri)
    small = loaded.pixels.copy()
    small.thumbnail((SIDE_PIXELS, SIDE_PIXELS))
    data = await asyncio.to_thread(webp, small)
    return Response(data, media_type="image/webp", headers=KEPT)


async def _uri(ops: Ops, person: Person, image_id: str) -> str | None:
    stored = await ops.stores.profiles.get(tenant=person.tenant, user_id=person.user)
    for reference in stored.references if stored else ():
        if reference.image_id == image_id:
            return reference.uri
    known = await ops.stores.known_images.find(tenant=person.tenant, image_ids=[image_id])
    return known[image_id].uri if image_id in known else None
