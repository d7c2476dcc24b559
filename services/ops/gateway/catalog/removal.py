"""`DELETE /v1/images/{image_id}`: remove images from the catalog."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import JSONResponse, Response

from services.ops.catalog.reading import serving
from services.ops.context import Context, OpsContext
from services.ops.gateway.catalog.bodies import RemovalAccepted
from services.ops.gateway.catalog.filters import check_no_filter
from services.ops.gateway.catalog.parsing import MAX_IMAGES
from services.ops.gateway.feeds import Tenant
from services.ops.gateway.responses import FAILURES
from services.ops.gateway.tenancy import tenant_for
from services.ops.http.middleware.authentication import Writer
from shared.events.types.fields import Identifier

router = APIRouter(prefix="/v1", tags=["catalog"])


@router.delete("/images", status_code=202, responses={202: {"model": RemovalAccepted}, **FAILURES})
async def remove_several(
    http: Request,
    ops: Context,
    principal: Writer,
    image_id: Annotated[
        list[Identifier],
        Query(min_length=1, max_length=MAX_IMAGES, description="May be repeated."),
    ],
    tenant: Tenant = None,
) -> Response:
    """Remove the images of these ids; also for an id that a path cannot hold: `.`, `..`."""
    # A filter that is ignored would remove other images than the caller wants.
    check_no_filter(http, {"image_id", "tenant"})
    return await _remove(ops, image_id, tenant=tenant_for(principal, tenant))


@router.delete(
    "/images/{image_id:path}",
    status_code=202,
    responses={202: {"model": RemovalAccepted}, **FAILURES},
)
async def remove(
    ops: Context,
    principal: Writer,
    image_id: Annotated[Identifier, Path()],
    tenant: Tenant = None,
) -> Response:
    """Remove an image: 202 when Kafka has the removal, also for an unknown id."""
    return await _remove(ops, [image_id], tenant=tenant_for(principal, tenant))


async def _remove(ops: OpsContext, image_ids: list[str], *, tenant: str) -> Response:
    await serving(ops)
    ids = list(dict.fromkeys(image_ids))
    await ops.kafka.remove_images(*ids, tenant=tenant)
    accepted = RemovalAccepted(image_ids=tuple(ids))
    return JSONResponse(accepted.model_dump(mode="json"), 202)
