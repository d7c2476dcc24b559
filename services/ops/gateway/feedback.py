"""`POST /v1/feedback`: say what a person did with images."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import ValidationError
from starlette.responses import JSONResponse, Response

from services.ops.context import OpsOf
from services.ops.gateway.bodies import FeedbackBody, FeedbackTaken
from services.ops.gateway.request_body import body_of, faults_of, takes
from services.ops.gateway.responses import FAILURES
from services.ops.gateway.tenancy import tenant_for
from services.ops.http.idempotency import IdempotencyKey, Keyed
from services.ops.http.middleware.authentication import Writer
from shared.client import action
from shared.domain.clock import Clock
from shared.events import Feedback

router = APIRouter(prefix="/v1", tags=["feedback"])


@router.post(
    "/feedback",
    status_code=202,
    openapi_extra=takes(FeedbackBody),
    responses={202: {"model": FeedbackTaken}, **FAILURES},
)
async def feedback(
    asked: Request,
    ops: OpsOf,
    who: Writer,
    body: Annotated[FeedbackBody, Depends(body_of(FeedbackBody))],
    key: IdempotencyKey = None,
) -> Response:
    """Take in what a person did; 202 when Kafka has it, and the profile will follow."""
    keyed = Keyed(who, tenant_for(who, body.tenant), key, await asked.body())
    events = _events(body, keyed, ops.clock)

    async def send() -> tuple[UUID, ...]:
        await ops.kafka.send(*events)
        return tuple(event.event_id for event in events)

    event_ids, again = await ops.actions.once(keyed, send)
    told = FeedbackTaken(event_ids=event_ids).model_dump(mode="json")
    return JSONResponse(told, 202, {"Idempotency-Replayed": "true"} if again else {})


def _events(body: FeedbackBody, keyed: Keyed, clock: Clock) -> list[Feedback]:
    events = []
    for number, one in enumerate(body.actions):
        fields = one.model_dump(exclude={"type", "image_id", "occurred_at"})
        try:
            event = action(
                body.user_id,
                one.type,
                one.image_id,
                tenant=keyed.tenant,
                event_id=keyed.id_of(f"action {number}"),
                occurred_at=one.occurred_at or clock(),
                **fields,
            )
        except ValidationError as error:
            raise faults_of(error, "body", "actions", number) from None
        events.append(event)
    return events
