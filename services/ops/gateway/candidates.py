"""`POST /v1/candidates`: ask for a ranking, and wait for the feed or come back for it."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import JSONResponse, Response

from services.ops.context import Ops, OpsOf
from services.ops.gateway.bodies import Accepted, CandidatesBody
from services.ops.gateway.request_body import body_of, takes
from services.ops.gateway.responses import FAILURES, feed_response
from services.ops.gateway.tenancy import tenant_for
from services.ops.http.idempotency import IdempotencyKey, Keyed
from services.ops.http.middleware.authentication import Writer
from shared.client import NoAnswer, request
from shared.events import ImageCandidates, RankedFeed
from shared.events.types.fields import Identifier

router = APIRouter(prefix="/v1", tags=["feeds"])
MOST_SECONDS = 60.0
WaitSeconds = Annotated[
    float,
    Query(ge=0, le=MOST_SECONDS, allow_inf_nan=False, description="Seconds to wait for the feed."),
]


@router.post(
    "/candidates",
    openapi_extra=takes(CandidatesBody),
    responses={200: {"model": RankedFeed}, 202: {"model": Accepted}, **FAILURES},
)
async def rank(
    asked: Request,
    ops: OpsOf,
    who: Writer,
    body: Annotated[CandidatesBody, Depends(body_of(CandidatesBody))],
    key: IdempotencyKey = None,
    wait_seconds: WaitSeconds = 10.0,
) -> Response:
    """Rank images for a user: 200 with the feed, or 202 with where it will lie.

    A request id that was answered before gets its feed again.
    """
    tenant = tenant_for(who, body.tenant)
    keyed = Keyed(who, tenant, key, await asked.body())
    event = _event(body, keyed)
    known = await ops.kafka.feed(tenant=tenant, request_id=event.request_id)
    if known is not None and known.user_id == event.user_id:
        return feed_response(known)
    await ops.requests.once(keyed, _nothing)
    try:
        return feed_response(await _answered(ops, event, wait_seconds))
    except NoAnswer:
        return accepted(tenant, event.request_id)


def accepted(tenant: str, request_id: Identifier) -> Response:
    """The 202 that says where the feed will lie."""
    feed = f"/v1/feeds/{quote(request_id, safe='')}?tenant={quote(tenant, safe='')}"
    told = Accepted(request_id=request_id, tenant=tenant, feed=feed)
    return JSONResponse(told.model_dump(mode="json"), 202, {"Location": feed, "Retry-After": "1"})


async def _answered(ops: Ops, event: ImageCandidates, seconds: float) -> RankedFeed:
    if seconds > 0:
        return await ops.kafka.answer(event, seconds=seconds)
    await ops.kafka.send(event)
    raise NoAnswer(event.request_id, seconds=seconds)


def _event(body: CandidatesBody, keyed: Keyed) -> ImageCandidates:
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


async def _nothing() -> None:
    """The ids are derived from the key, so asking again is enough; only the body is compared."""
