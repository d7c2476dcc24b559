"""Show the receipts of an erasure while the services send them."""

from collections.abc import AsyncIterator
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from services.ops.context import Context, OpsContext
from services.ops.pages.rendering.live_parts import Part, stream
from services.ops.pages.rendering.templates import fragment, render
from services.ops.pages.users.user_ref import RequestedUser, UserRef
from shared.client.topic_reader import events_of
from shared.events import UserErased
from shared.events.topics import ERASED
from shared.events.types.erase import ERASING_SERVICES

router = APIRouter()
Erasure = Annotated[UUID, Query(alias="event")]
LOOKED_BACK: Final = 200


@router.get("/user/erased")
async def page(http: Request, user: RequestedUser, event: Erasure) -> Response:
    return render(http, "users/erased.html", user=user, event=event)


@router.get("/live/erased")
async def live(ops: Context, user: RequestedUser, event: Erasure) -> Response:
    return stream(ops, receipts(ops, user, event))


async def receipts(ops: OpsContext, user: UserRef, event_id: UUID) -> AsyncIterator[Part]:
    """Yield all receipts so far, and again after each new one."""
    receipts_by_service: dict[str, UserErased] = {}
    async with ops.kafka.listening(lambda record: record.topic == ERASED.name) as new_records:
        before = await ops.cluster.latest(ERASED, max_per_partition=LOOKED_BACK)
        for event in events_of(before, UserErased):
            _add(receipts_by_service, event, user, event_id)
        yield "receipts", _rendered(receipts_by_service)
        async for _, new in new_records:
            if isinstance(new, UserErased) and _add(receipts_by_service, new, user, event_id):
                yield "receipts", _rendered(receipts_by_service)


def _add(
    receipts_by_service: dict[str, UserErased], event: UserErased, user: UserRef, event_id: UUID
) -> bool:
    ours = event.erase_event_id == event_id
    ours = ours and (event.tenant, event.user_id) == (user.tenant, user.user_id)
    if ours:
        receipts_by_service[event.service] = event
    return ours


def _rendered(receipts_by_service: dict[str, UserErased]) -> str:
    return fragment(
        "users/_receipts.html",
        receipts=sorted(receipts_by_service.values(), key=lambda receipt: receipt.service),
        awaited=[name for name in ERASING_SERVICES if name not in receipts_by_service],
    )
