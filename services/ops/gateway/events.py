"""`GET /v1/events`: stream a user's feeds and profile changes as server-sent events."""

import logging
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query
from starlette.responses import Response, StreamingResponse

from services.ops.context import Context
from services.ops.gateway.feeds import Tenant
from services.ops.gateway.responses import FAILURES
from services.ops.gateway.stream_resume import positions_of, resumed_events
from services.ops.gateway.tenancy import tenant_for
from services.ops.http.middleware.authentication import Reader
from services.ops.http.problems import Problem
from services.ops.http.streaming import server_sent
from shared.domain.errors import Unavailable
from shared.events.types.base import record_key
from shared.events.types.fields import Identifier

log = logging.getLogger(__name__)
router = APIRouter(prefix="/v1", tags=["feeds"])
EVENT_STREAM: Final = "text/event-stream"
EXAMPLE: Final = """: listening

id: feed.ranked.v1:3:127,profile.updated.v1:1:17

id: feed.ranked.v1:3:128,profile.updated.v1:1:17
event: feed.ranked.v1
data: {"event_id": "...", "user_id": "ada", "request_id": "r-1", "status": "ok", "items": []}

: still here
"""
RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "Events as they happen, and a comment after every 15 s without an event.",
        "content": {EVENT_STREAM: {"schema": {"type": "string"}, "example": EXAMPLE}},
    },
    **FAILURES,
}
MAX_ID_CHARACTERS: Final = 500
LastEventId = Annotated[
    str | None,
    Header(
        alias="Last-Event-ID",
        max_length=MAX_ID_CHARACTERS,
        description="The last `id` received; browsers send it automatically. The events since then"
        " come first.",
    ),
]
LastEventIdParameter = Annotated[
    str | None,
    Query(
        alias="last_event_id",
        max_length=MAX_ID_CHARACTERS,
        description="The same, for clients that cannot send the header.",
    ),
]


@router.get("/events", response_class=StreamingResponse, responses=RESPONSES)
async def events(
    ops: Context,
    principal: Reader,
    user_id: Annotated[Identifier, Query()],
    tenant: Tenant = None,
    last_event_id: LastEventId = None,
    last_event_id_parameter: LastEventIdParameter = None,
) -> Response:
    """Stream feeds and profiles of one user from now on. The name of an event is its topic.

    After a break, send the last `id` as `Last-Event-ID`, as browsers do. The missed events are
    read back from Kafka and come first, each once. If some are deleted (Kafka keeps feeds for
    days) or too many, an event `gap` comes before the rest.
    """
    key = record_key(tenant=tenant_for(principal, tenant), user_id=user_id).encode()
    last_id = last_event_id or last_event_id_parameter
    since = positions_of(last_id) if last_id else None
    if ops.streams.are_full:
        raise Problem(
            503, "too-many-streams", "Too many streams are open; retry later.",
            headers={"Retry-After": "5"},
        )  # fmt: skip
    ops.metrics.streams.inc()

    async def text_stream() -> AsyncIterator[str]:
        with ops.streams.counted():
            try:
                sent = resumed_events(ops.kafka, key, since)
                async for text in server_sent(sent, closing=ops.streams.closing):
                    yield text
            except Unavailable as error:
                # The client connects again with the last id.
                log.warning("an event stream ends: %s", error)

    return StreamingResponse(text_stream(), media_type=EVENT_STREAM)
