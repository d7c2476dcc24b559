"""`GET /v1/feeds/{request_id}`: read a feed back, or hear that it is on its way."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from services.ops.context import OpsOf
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
    Identifier | None, Query(description="Left out: the token's own, else `default`.")
]


@router.get(
    "/feeds/{request_id:path}",
    responses={200: {"model": RankedFeed}, 202: {"model": Accepted}, **FAILURES},
)
async def feed(
    ops: OpsOf, who: Reader, request_id: Annotated[Identifier, Path()], tenant: Tenant = None
) -> Response:
    """The feed of a request: 200 with it, 202 while it is on its way, 404 when none is known."""
    of = tenant_for(who, tenant)
    found = await ops.kafka.feed(tenant=of, request_id=request_id)
    if found is not None:
        return feed_response(found)
    if ops.kafka.is_awaited(tenant=of, request_id=request_id):
        return accepted(of, request_id)
    raise Problem(
        404,
        "no-feed",
        "No feed of that request is known: it was not asked for here, its event was set aside as"
        " a dead letter, or it is older than the latest that are kept.",
    )
