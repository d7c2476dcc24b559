"""`GET /v1/images`: read images of the catalog, their state, and similar images."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from services.ops.catalog.reading import (
    Listing,
    audience_of,
    images_by_id,
    page_of,
    serving,
    stored_image,
)
from services.ops.catalog.similar import similar_images
from services.ops.context import Context
from services.ops.gateway.catalog.bodies import (
    Audience,
    CatalogItem,
    CatalogItems,
    SimilarItem,
    SimilarItems,
)
from services.ops.gateway.catalog.filters import QueryFilter, check_no_filter, check_parameters
from services.ops.gateway.feeds import Tenant
from services.ops.gateway.responses import FAILURES, failure
from services.ops.gateway.tenancy import tenant_for
from services.ops.http.middleware.authentication import Reader, Writer
from shared.domain.images.image_key import ImageKey
from shared.domain.taste import Value
from shared.events import MatchedUser
from shared.events.types.audience import MAX_AUDIENCE
from shared.events.types.fields import Identifier
from shared.store.catalog.images import Status

router = APIRouter(prefix="/v1", tags=["catalog"])
MAX_PAGE: Final = 1_000
MAX_SIMILAR: Final = 300
NOT_INDEXED: Final = failure("The image is not indexed yet, or cannot be.")
ImageId = Annotated[Identifier, Path()]


@router.get("/images", responses={200: {"model": CatalogItems}, **FAILURES})
async def images(
    http: Request,
    ops: Context,
    principal: Reader,
    filter: QueryFilter,
    tenant: Tenant = None,
    image_id: Annotated[
        list[Identifier] | None,
        Query(max_length=MAX_PAGE, description="Only these images; may be repeated."),
    ] = None,
    status: Annotated[Status | None, Query(description="Only images with this status.")] = None,
    after: Annotated[
        str | None, Query(max_length=64, description="`next` of the page before.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 100,
) -> Response:
    """List images of the catalog in a stable order, with their state.

    A page of one status may have fewer images than `limit`, and still a next page. With `image_id`
    the images of these ids are returned, those that exist.
    """
    check_parameters(http, {"tenant", "image_id", "status", "after", "limit"})
    listing = Listing(tenant_for(principal, tenant), filter, status)
    catalog = await serving(ops)
    if image_id is not None:
        stored = await images_by_id(catalog, listing.tenant, image_id)
        matching = [
            image for image in stored
            if listing.selection.selects(image) and status in (None, image.status)
        ]  # fmt: skip
        return _json(CatalogItems(images=tuple(map(CatalogItem.of, matching))))
    page = await page_of(catalog, listing, after=after, limit=limit)
    return _json(CatalogItems(images=tuple(map(CatalogItem.of, page.images)), next=page.next))


@router.get(
    "/images/{image_id:path}/similar",
    responses={
        200: {"model": SimilarItems},
        **FAILURES,
        409: NOT_INDEXED,
    },
)
async def similar(
    http: Request,
    ops: Context,
    principal: Reader,
    image_id: ImageId,
    filter: QueryFilter,
    tenant: Tenant = None,
    limit: Annotated[int, Query(ge=1, le=MAX_SIMILAR)] = 20,
) -> Response:
    """Return the available images that resemble an image, the most similar first."""
    check_parameters(http, {"tenant", "limit"})
    catalog = await serving(ops)
    image = await stored_image(catalog, ImageKey(tenant_for(principal, tenant), image_id))
    hits = await similar_images(
        catalog, image, filter=filter, available_at=ops.clock(), limit=limit
    )
    return _json(SimilarItems(image_id=image_id, images=tuple(map(SimilarItem.of, hits))))


@router.get(
    "/images/{image_id:path}/audience",
    responses={
        200: {"model": Audience},
        **FAILURES,
        409: NOT_INDEXED,
    },
)
async def audience(
    http: Request,
    ops: Context,
    principal: Writer,
    image_id: ImageId,
    tenant: Tenant = None,
    limit: Annotated[int, Query(ge=1, le=MAX_AUDIENCE)] = 100,
) -> Response:
    """Return the users whose taste an image meets, at most as many as the settings allow.

    It names users, so it needs the role `write`, like everything that acts as the app.
    """
    check_no_filter(http, {"tenant", "limit"})
    catalog = await serving(ops)
    image = await stored_image(catalog, ImageKey(tenant_for(principal, tenant), image_id))
    users = await audience_of(ops, catalog, image)
    matched = tuple(MatchedUser(user_id=user.user_id, score=user.score) for user in users[:limit])
    return _json(Audience(image_id=image_id, users=matched))


@router.get("/images/{image_id:path}", responses={200: {"model": CatalogItem}, **FAILURES})
async def image(
    ops: Context, principal: Reader, image_id: ImageId, tenant: Tenant = None
) -> Response:
    """Return one image: its publication, its status, its words, and why it cannot be indexed."""
    catalog = await serving(ops)
    key = ImageKey(tenant_for(principal, tenant), image_id)
    return _json(CatalogItem.of(await stored_image(catalog, key)))


def _json(body: Value) -> Response:
    return Response(body.model_dump_json(), media_type="application/json")
