"""`GET /v1/feeds/{request_id}`: read a feed back, or report that it is pending."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from services.ops.context import Context
from services.ops.gateway.bodies import Accepted
from services.ops.gateway.candidates import accepted
from services.ops.gateway.responses import FAILURES, feed_response
from services.ops.gateway.tenancy import tenant_for
from services.ops.http.middleware.authentication import Reader
from services.ops.http.problems import Problem
from shared.events import RankedFeed
from shared.events.types.fields import Identifier

router = APIRouter(prefix="/v1", tags=["feeds"])
Tenant = Annotated[
    Identifier | None, Query(description="Default: the tenant of the token, else `default`.")
]


@router.get(
    "/feeds/{request_id:path}",
    responses={200: {"model": RankedFeed}, 202: {"model": Accepted}, **FAILURES},
)
async def feed(
    ops: Context,
    principal: Reader,
    request_id: Annotated[Identifier, Path()],
    tenant: Tenant = None,
) -> Response:
    """Return the feed of a request: 200 with the feed, 202 while it is pending, 404 if unknown."""
    allowed_tenant = tenant_for(principal, tenant)
    ranked = await ops.kafka.feed(tenant=allowed_tenant, request_id=request_id)
    if ranked is not None:
        return feed_response(ranked)
    if ops.kafka.is_awaited(tenant=allowed_tenant, request_id=request_id):
        return accepted(allowed_tenant, request_id)
    raise Problem(
        404,
        "no-feed",
        "There is no feed for that request: it was not sent to this system, its event became a"
        " dead letter, or it is older than the feeds that are kept.",
    )
