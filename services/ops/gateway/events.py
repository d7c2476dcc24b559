"""`GET /v1/events`: a user's feeds and profile changes as they happen, as server-sent events."""

import logging
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query
from starlette.responses import Response, StreamingResponse

from services.ops.context import OpsOf
from services.ops.gateway.feeds import Tenant
from services.ops.gateway.responses import FAILURES
from services.ops.gateway.stream_resume import news_of, places_of
from services.ops.gateway.tenancy import tenant_for
from services.ops.http.middleware.authentication import Reader
from services.ops.http.problems import Problem
from services.ops.http.streaming import server_sent
from shared.domain.errors import Unavailable
from shared.events.types.base import record_key
from shared.events.types.fields import Identifier

log = logging.getLogger(__name__)
router = APIRouter(prefix="/v1", tags=["feeds"])
STREAM: Final = "text/event-stream"
EXAMPLE: Final = """: listening

id: feed.ranked.v1:3:127,profile.updated.v1:1:17

id: feed.ranked.v1:3:128,profile.updated.v1:1:17
event: feed.ranked.v1
data: {"event_id": "...", "user_id": "ada", "request_id": "r-1", "status": "ok", "items": []}

: still here
"""
TOLD: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "Events as they happen, a comment every 15 s when none does.",
        "content": {STREAM: {"schema": {"type": "string"}, "example": EXAMPLE}},
    },
    **FAILURES,
}
MOST_ID: Final = 500
LastEventId = Annotated[
    str | None,
    Header(
        alias="Last-Event-ID",
        max_length=MOST_ID,
        description="The `id` that came last, which browsers send by themselves: what happened"
        " since is told first.",
    ),
]
LastEventIdAsked = Annotated[
    str | None,
    Query(
        alias="last_event_id",
        max_length=MOST_ID,
        description="The same, for those who cannot send the header.",
    ),
]


@router.get("/events", response_class=StreamingResponse, responses=TOLD)
async def events(
    ops: OpsOf,
    who: Reader,
    user_id: Annotated[Identifier, Query()],
    tenant: Tenant = None,
    last_event_id: LastEventId = None,
    asked: LastEventIdAsked = None,
) -> Response:
    """Feeds and profiles of one user from now on; the event's name is its topic.

    After a break, send the last `id` as `Last-Event-ID`, as browsers do: what came meanwhile is
    read back from Kafka and told first, each event once. When some of it is there no more (Kafka
    keeps feeds for days), or it is too much, an event `gap` says so before the rest.
    """
    key = record_key(tenant=tenant_for(who, tenant), user_id=user_id).encode()
    last = last_event_id or asked
    since = places_of(last) if last else None
    if ops.streams.are_full:
        raise Problem(
            503, "too-many-streams", "As many streams are open as we serve; come back later.",
            headers={"Retry-After": "5"},
        )  # fmt: skip
    ops.metrics.streams.inc()

    async def told() -> AsyncIterator[str]:
        with ops.streams.one_more():
            try:
                news = news_of(ops.kafka, key, since)
                async for text in server_sent(news, closing=ops.streams.closing):
                    yield text
            except Unavailable as error:
                # Whoever listens comes again, with the id that came last.
                log.warning("a stream of events ends: %s", error)

    return StreamingResponse(told(), media_type=STREAM)
