"""`POST /v1/profiles/{user_id}/corrections`: pin, veto, edit or reset words of a taste."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Request
from pydantic import ValidationError
from starlette.responses import JSONResponse, Response

from services.ops.context import OpsOf
from services.ops.gateway.bodies import CorrectionBody, CorrectionTaken
from services.ops.gateway.request_body import body_of, faults_of, takes
from services.ops.gateway.responses import FAILURES
from services.ops.gateway.tenancy import tenant_for
from services.ops.http.idempotency import IdempotencyKey, Keyed
from services.ops.http.middleware.authentication import Writer
from shared.client import correction
from shared.events.types.fields import Identifier

router = APIRouter(prefix="/v1", tags=["profiles"])


@router.post(
    "/profiles/{user_id:path}/corrections",
    status_code=202,
    openapi_extra=takes(CorrectionBody),
    responses={202: {"model": CorrectionTaken}, **FAILURES},
)
async def correct(
    asked: Request,
    ops: OpsOf,
    who: Writer,
    user_id: Annotated[Identifier, Path()],
    body: Annotated[CorrectionBody, Depends(body_of(CorrectionBody))],
    key: IdempotencyKey = None,
) -> Response:
    """Correct a taste; 202 when Kafka has it, and the profile and the next feed will follow."""
    tenant = tenant_for(who, body.tenant)
    keyed = Keyed(who, tenant, key, user_id.encode() + b"\0" + await asked.body())
    try:
        event = correction(
            user_id,
            tenant=tenant,
            event_id=keyed.id_of("correction"),
            occurred_at=ops.clock(),
            **body.model_dump(exclude={"tenant"}, exclude_none=True),
        )
    except ValidationError as error:
        raise faults_of(error, "body") from None

    async def send() -> tuple[UUID, ...]:
        await ops.kafka.send(event)
        return (event.event_id,)

    (event_id,), again = await ops.actions.once(keyed, send)
    told = CorrectionTaken(event_id=event_id).model_dump(mode="json")
    return JSONResponse(told, 202, {"Idempotency-Replayed": "true"} if again else {})
