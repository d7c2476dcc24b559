"""`GET /v1/events`: a user's feeds and profile changes as they happen, as server-sent events."""

from collections.abc import AsyncIterator
from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response, StreamingResponse

from services.ops.context import OpsOf
from services.ops.gateway.answers import FAILURES
from services.ops.gateway.feeds import Tenant
from services.ops.gateway.tenancy import tenant_for
from services.ops.guards.admission import Reader
from services.ops.problems import Problem
from services.ops.streaming import Told, server_sent
from shared.client.live import Heard
from shared.events.base import record_key
from shared.events.fields import Identifier
from shared.events.record import Record
from shared.events.topics import FEEDS, PROFILES

router = APIRouter(prefix="/v1", tags=["feeds"])
TOPICS: Final = frozenset({FEEDS.name, PROFILES.name})
STREAM: Final = "text/event-stream"


@router.get(
    "/events",
    response_class=StreamingResponse,
    responses={200: {"content": {STREAM: {"schema": {"type": "string"}}}}, **FAILURES},
)
async def events(
    ops: OpsOf, who: Reader, user_id: Annotated[Identifier, Query()], tenant: Tenant = None
) -> Response:
    """Feeds and profiles of one user from now on; the event's name is its topic.

    After a break, read the profile and the feeds that were asked for: what came meanwhile is not
    sent again.
    """
    key = record_key(tenant=tenant_for(who, tenant), user_id=user_id).encode()
    if ops.streams.are_full:
        raise Problem(
            503, "too-many-streams", "As many streams are open as we serve; come back later.",
            headers={"Retry-After": "5"},
        )  # fmt: skip
    ops.metrics.streams.inc()

    def wanted(record: Record) -> bool:
        return record.topic in TOPICS and record.key == key

    async def told() -> AsyncIterator[str]:
        with ops.streams.one_more():
            async with ops.kafka.listening(wanted) as heard:
                async for text in server_sent(_named(heard), closing=ops.streams.closing):
                    yield text

    return StreamingResponse(told(), media_type=STREAM)


async def _named(heard: AsyncIterator[Heard]) -> AsyncIterator[Told]:
    async for record, event in heard:
        if event is not None:
            yield record.source, record.topic, event.model_dump_json()
