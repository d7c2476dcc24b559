"""`POST /v1/feedback`: send a user's feedback on images."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import ValidationError
from starlette.responses import JSONResponse, Response

from services.ops.context import Context
from services.ops.gateway.bodies import FeedbackAccepted, FeedbackBody
from services.ops.gateway.request_body import body_of, request_schema, validation_error
from services.ops.gateway.responses import FAILURES
from services.ops.gateway.tenancy import tenant_for
from services.ops.http.idempotency import IdempotencyKey, IdempotentRequest
from services.ops.http.middleware.authentication import Writer
from shared.client import action
from shared.domain.clock import Clock
from shared.events import Feedback

router = APIRouter(prefix="/v1", tags=["feedback"])


@router.post(
    "/feedback",
    status_code=202,
    openapi_extra=request_schema(FeedbackBody),
    responses={202: {"model": FeedbackAccepted}, **FAILURES},
)
async def feedback(
    http: Request,
    ops: Context,
    principal: Writer,
    body: Annotated[FeedbackBody, Depends(body_of(FeedbackBody))],
    key: IdempotencyKey = None,
) -> Response:
    """Send feedback: 202 when Kafka has all actions. The profile will change."""
    keyed = IdempotentRequest(principal, tenant_for(principal, body.tenant), key, await http.body())
    events = _events(body, keyed, ops.clock)

    async def send() -> tuple[UUID, ...]:
        await ops.kafka.send(*events)
        return tuple(event.event_id for event in events)

    event_ids, is_replay = await ops.actions.once(keyed, send)
    accepted = FeedbackAccepted(event_ids=event_ids).model_dump(mode="json")
    return JSONResponse(accepted, 202, {"Idempotency-Replayed": "true"} if is_replay else {})


def _events(body: FeedbackBody, keyed: IdempotentRequest, clock: Clock) -> list[Feedback]:
    events = []
    for number, item in enumerate(body.actions):
        fields = item.model_dump(exclude={"type", "image_id", "occurred_at"})
        try:
            event = action(
                body.user_id,
                item.type,
                item.image_id,
                tenant=keyed.tenant,
                event_id=keyed.id_of(f"action {number}", about=body.user_id),
                occurred_at=item.occurred_at or clock(),
                **fields,
            )
        except ValidationError as error:
            raise validation_error(error, "body", "actions", number) from None
        events.append(event)
    return events
