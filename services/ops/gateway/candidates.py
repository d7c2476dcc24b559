"""`POST /v1/candidates`: request a ranking, and wait for the feed or fetch it later."""

from typing import Annotated, Any, Final
from urllib.parse import quote, urlencode

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
from shared.domain.requests.request_key import RequestKey
from shared.domain.user import User
from shared.events import ImageCandidates, RankedFeed

router = APIRouter(prefix="/v1", tags=["feeds"])
MAX_WAIT_SECONDS = 60.0
DOT_SEGMENTS: Final = frozenset({".", ".."})
"""Ids that a path cannot hold: clients remove these segments, also when they are escaped."""
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

    A request that has a feed already, with the same user, request id and content, returns that
    feed.
    """
    tenant = tenant_for(principal, body.tenant)
    keyed = IdempotentRequest(principal, tenant, key, await http.body())
    return await answered(ops, _event(body, keyed), keyed, wait_seconds)


async def answered(
    ops: OpsContext, event: ImageCandidates, keyed: IdempotentRequest, wait_seconds: float
) -> Response:
    """Send a request: return its feed, the feed of the same request before, or a 202.

    A bad cursor is refused here, with the sentence of the assessor, which would send an empty feed.
    """
    earlier = await ops.kafka.feed(event.request_key)
    if earlier is not None and earlier.answers(event):
        return await feed_response(ops, earlier)
    await check_cursor(ops, event)
    await ops.requests.once(keyed, _no_action)
    try:
        return await feed_response(ops, await _feed_of(ops, event, wait_seconds))
    except NoAnswer:
        return accepted(event.request_key)


async def check_cursor(ops: OpsContext, event: ImageCandidates) -> None:
    """Raise `BadCursor`, a 422, unless the cursor of the request continues a feed of its user."""
    cursor = event.from_catalog.cursor if event.from_catalog else None
    if cursor is not None and ops.stores.cursors is not None:
        await ops.stores.cursors.read(cursor, User(event.tenant, event.user_id), now=ops.clock())


def accepted(request: RequestKey) -> Response:
    """Return the 202 with the address of the feed."""
    parameters = {"tenant": request.tenant, "user_id": request.user_id}
    feed = f"/v1/feeds/{quote(request.request_id, safe='')}"
    if request.request_id in DOT_SEGMENTS:
        feed, parameters = "/v1/feeds", {"request_id": request.request_id, **parameters}
    feed += "?" + urlencode(parameters, quote_via=quote)
    body = Accepted(**request._asdict(), feed=feed)
    return JSONResponse(body.model_dump(mode="json"), 202, {"Location": feed, "Retry-After": "1"})


async def _feed_of(ops: OpsContext, event: ImageCandidates, seconds: float) -> RankedFeed:
    if seconds > 0:
        return await ops.kafka.answer(event, seconds=seconds)
    await ops.kafka.send(event)
    raise NoAnswer(event.request_id, seconds=seconds)


def _event(body: CandidatesBody, keyed: IdempotentRequest) -> ImageCandidates:
    fields: dict[str, Any] = {
        name: getattr(body, name)
        for name in ("rejected", "top_k", "explain", "deadline_ms", "exclude_ids", "from_catalog")
    }
    return request(
        body.user_id,
        body.candidates,
        tenant=keyed.tenant,
        event_id=keyed.id_of("event", about=body.user_id),
        request_id=body.request_id or str(keyed.id_of("request", about=body.user_id)),
        **fields,
    )


async def _no_action() -> None:
    """Do nothing: ids derive from the key, so a repeated send is safe. Only bodies are compared."""
