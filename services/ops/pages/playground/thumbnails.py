"""Serve thumbnails by image id. A page never loads an image from a foreign address."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from services.ops.context import Context, OpsContext
from services.ops.http.problems import Problem
from services.ops.pages.thumbnail_response import thumbnail_response
from services.ops.pages.users.user_ref import RequestedUser, UserRef
from services.ops.removed_images import refuse_removed
from shared.domain.images.image_key import ImageKey

router = APIRouter()
SIDE_PIXELS: Final = 256


@router.get("/thumbnail")
async def thumbnail(
    http: Request,
    ops: Context,
    user: RequestedUser,
    image: Annotated[str, Query(max_length=256)],
) -> Response:
    """Return a reference of the user, an image that a feed has ranked, or one of the catalog."""
    key = ImageKey(user.tenant, image)
    await refuse_removed(ops, key)
    uri = await _uri(ops, user, image)
    if uri is None:
        raise Problem(404, "unknown-image", f"The address of the image {image!r} is not known.")
    return await thumbnail_response(http, ops, key, uri, side=SIDE_PIXELS)


async def _uri(ops: OpsContext, user: UserRef, image_id: str) -> str | None:
    stored = await ops.stores.profiles.get(tenant=user.tenant, user_id=user.user_id)
    for reference in stored.references if stored else ():
        if reference.image_id == image_id:
            return reference.uri
    known = await ops.stores.image_store.find(tenant=user.tenant, image_ids=[image_id])
    if image_id in known:
        return known[image_id].uri
    return await catalog_uri(ops, user, image_id)


async def catalog_uri(ops: OpsContext, user: UserRef, image_id: str) -> str | None:
    """The address of an image of the tenant's catalog; None if it has no such image."""
    if ops.stores.catalogs is None:
        return None
    key = ImageKey(user.tenant, image_id)
    image = (await (await ops.stores.catalogs.serving()).get([key])).get(key)
    return image.entry.uri if image else None
