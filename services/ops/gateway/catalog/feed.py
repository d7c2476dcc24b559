"""`POST /v1/users/{user_id}/feed`: a feed of catalog images, page by page."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import Response

from services.ops.catalog.reading import serving
from services.ops.context import Context
from services.ops.gateway.bodies import Accepted
from services.ops.gateway.candidates import WaitSeconds, answered
from services.ops.gateway.catalog.bodies import FeedBody
from services.ops.gateway.request_body import body_or_default, request_schema
from services.ops.gateway.responses import FAILURES
from services.ops.gateway.tenancy import tenant_for
from services.ops.http.idempotency import IdempotencyKey, IdempotentRequest
from services.ops.http.middleware.authentication import Writer
from shared.client import request
from shared.events import ImageCandidates, RankedFeed
from shared.events.types.fields import Identifier

router = APIRouter(prefix="/v1", tags=["feeds"])


@router.post(
    "/users/{user_id:path}/feed",
    openapi_extra=request_schema(FeedBody, is_required=False),
    responses={200: {"model": RankedFeed}, 202: {"model": Accepted}, **FAILURES},
)
async def feed(
    http: Request,
    ops: Context,
    principal: Writer,
    user_id: Annotated[Identifier, Path()],
    body: Annotated[FeedBody, Depends(body_or_default(FeedBody))],
    key: IdempotencyKey = None,
    wait_seconds: WaitSeconds = 10.0,
) -> Response:
    """Find and rank catalog images for a user: 200 with the feed, or 202 with its address.

    Send `next_cursor` of the feed as `cursor` for the next page.
    """
    tenant = tenant_for(principal, body.tenant)
    content = user_id.encode() + b"\0" + await http.body()
    keyed = IdempotentRequest(principal, tenant, key, content)
    await serving(ops)
    return await answered(ops, _event(user_id, body, keyed), keyed, wait_seconds)


def _event(user_id: str, body: FeedBody, keyed: IdempotentRequest) -> ImageCandidates:
    return request(
        user_id,
        (),
        tenant=keyed.tenant,
        event_id=keyed.id_of("event", about=user_id),
        request_id=body.request_id or str(keyed.id_of("request", about=user_id)),
        from_catalog=body.wanted,
        top_k=body.top_k,
        explain=body.explain,
        deadline_ms=body.deadline_ms,
        exclude_ids=body.exclude_ids,
    )
