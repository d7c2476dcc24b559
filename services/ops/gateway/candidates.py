"""`POST /v1/candidates`: request a ranking, and wait for the feed or fetch it later."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import JSONResponse, Response

from services.ops.context import Context, OpsContext
from services.ops.gateway.bodies import Accepted, CandidatesBody
from services.ops.gateway.request_body import body_of, request_schema
from services.ops.gateway.responses import FAILURES, feed_response
from services.ops.gateway.tenancy import tenant_for
from services.ops.http.idempotency import IdempotencyKey, IdempotentRequest
from services.ops.http.middleware.authentication import Writer
from shared.client import NoAnswer, request
from shared.events import ImageCandidates, RankedFeed
from shared.events.types.fields import Identifier

router = APIRouter(prefix="/v1", tags=["feeds"])
MAX_WAIT_SECONDS = 60.0
WaitSeconds = Annotated[
    float,
    Query(
        ge=0, le=MAX_WAIT_SECONDS, allow_inf_nan=False, description="Seconds to wait for the feed."
    ),
]


@router.post(
    "/candidates",
    openapi_extra=request_schema(CandidatesBody),
    responses={200: {"model": RankedFeed}, 202: {"model": Accepted}, **FAILURES},
)
async def rank(
    http: Request,
    ops: Context,
    principal: Writer,
    body: Annotated[CandidatesBody, Depends(body_of(CandidatesBody))],
    key: IdempotencyKey = None,
    wait_seconds: WaitSeconds = 10.0,
) -> Response:
    """Rank images for a user: 200 with the feed, or 202 with its address.

    A request id that has a feed already returns that feed.
    """
    tenant = tenant_for(principal, body.tenant)
    keyed = IdempotentRequest(principal, tenant, key, await http.body())
    event = _event(body, keyed)
    earlier = await ops.kafka.feed(tenant=tenant, request_id=event.request_id)
    if earlier is not None and earlier.user_id == event.user_id:
        return feed_response(earlier)
    await ops.requests.once(keyed, _no_action)
    try:
        return feed_response(await _feed_of(ops, event, wait_seconds))
    except NoAnswer:
        return accepted(tenant, event.request_id)


def accepted(tenant: str, request_id: Identifier) -> Response:
    """Return the 202 with the address of the feed."""
    feed = f"/v1/feeds/{quote(request_id, safe='')}?tenant={quote(tenant, safe='')}"
    body = Accepted(request_id=request_id, tenant=tenant, feed=feed)
    return JSONResponse(body.model_dump(mode="json"), 202, {"Location": feed, "Retry-After": "1"})


async def _feed_of(ops: OpsContext, event: ImageCandidates, seconds: float) -> RankedFeed:
    if seconds > 0:
        return await ops.kafka.answer(event, seconds=seconds)
    await ops.kafka.send(event)
    raise NoAnswer(event.request_id, seconds=seconds)


def _event(body: CandidatesBody, keyed: IdempotentRequest) -> ImageCandidates:
    fields: dict[str, Any] = {
        name: getattr(body, name) for name in ("top_k", "explain", "deadline_ms", "exclude_ids")
    }
    return request(
        body.user_id,
        body.candidates,
        tenant=keyed.tenant,
        event_id=keyed.id_of("event"),
        request_id=body.request_id or str(keyed.id_of("request")),
        **fields,
    )


async def _no_action() -> None:
    """Do nothing: ids derive from the key, so a repeated send is safe. Only bodies are compared."""
