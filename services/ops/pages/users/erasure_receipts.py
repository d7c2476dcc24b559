"""Show the receipts of an erasure as the services give them."""

from collections.abc import AsyncIterator
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from services.ops.context import Ops, OpsOf
from services.ops.pages.overview.live import Part, stream
from services.ops.pages.rendering.templates import fragment, render
from services.ops.pages.users.user_access import Person, PersonOf
from shared.client.records import events_of
from shared.events import UserErased
from shared.events.topics import ERASED
from shared.events.types.erase import ERASING_SERVICES

router = APIRouter()
Erasure = Annotated[UUID, Query(alias="event")]
LOOKED_BACK: Final = 200


@router.get("/user/erased")
async def page(http: Request, person: PersonOf, event: Erasure) -> Response:
    return render(http, "erased.html", person=person, event=event)


@router.get("/live/erased")
async def live(ops: OpsOf, person: PersonOf, event: Erasure) -> Response:
    return stream(ops, receipts(ops, person, event))


async def receipts(ops: Ops, person: Person, event_id: UUID) -> AsyncIterator[Part]:
    """All receipts so far, and again with each that comes."""
    found: dict[str, UserErased] = {}
    async with ops.kafka.listening(lambda record: record.topic == ERASED.name) as heard:
        before = await ops.cluster.latest(ERASED, most=LOOKED_BACK)
        for event in events_of(before, UserErased):
            _take(found, event, person, event_id)
        yield "receipts", _shown(found)
        async for _, news in heard:
            if isinstance(news, UserErased) and _take(found, news, person, event_id):
                yield "receipts", _shown(found)


def _take(found: dict[str, UserErased], event: UserErased, person: Person, event_id: UUID) -> bool:
    ours = event.erase_event_id == event_id and event.tenant == person.tenant
    if ours:
        found[event.service] = event
    return ours


def _shown(found: dict[str, UserErased]) -> str:
    return fragment(
        "_receipts.html",
        receipts=sorted(found.values(), key=lambda one: one.service),
        awaited=[name for name in ERASING_SERVICES if name not in found],
    )
