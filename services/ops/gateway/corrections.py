"""`POST /v1/profiles/{user_id}/corrections`: pin, veto, edit or reset words of a profile."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Request
from pydantic import ValidationError
from starlette.responses import JSONResponse, Response

from services.ops.context import Context
from services.ops.gateway.bodies import CorrectionAccepted, CorrectionBody
from services.ops.gateway.request_body import body_of, request_schema, validation_error
from services.ops.gateway.responses import FAILURES
from services.ops.gateway.tenancy import tenant_for
from services.ops.http.idempotency import IdempotencyKey, IdempotentRequest
from services.ops.http.middleware.authentication import Writer
from shared.client import correction
from shared.events.types.fields import Identifier

router = APIRouter(prefix="/v1", tags=["profiles"])


@router.post(
    "/profiles/{user_id:path}/corrections",
    status_code=202,
    openapi_extra=request_schema(CorrectionBody),
    responses={202: {"model": CorrectionAccepted}, **FAILURES},
)
async def correct(
    http: Request,
    ops: Context,
    principal: Writer,
    user_id: Annotated[Identifier, Path()],
    body: Annotated[CorrectionBody, Depends(body_of(CorrectionBody))],
    key: IdempotencyKey = None,
) -> Response:
    """Correct a profile: 202 when Kafka has the correction. Profile and next feed will change."""
    tenant = tenant_for(principal, body.tenant)
    keyed = IdempotentRequest(principal, tenant, key, user_id.encode() + b"\0" + await http.body())
    try:
        event = correction(
            user_id,
            tenant=tenant,
            event_id=keyed.id_of("correction", about=user_id),
            occurred_at=ops.clock(),
            **body.model_dump(exclude={"tenant"}, exclude_none=True),
        )
    except ValidationError as error:
        raise validation_error(error, "body") from None

    async def send() -> tuple[UUID, ...]:
        await ops.kafka.send(event)
        return (event.event_id,)

    (event_id,), is_replay = await ops.actions.once(keyed, send)
    accepted = CorrectionAccepted(event_id=event_id).model_dump(mode="json")
    return JSONResponse(accepted, 202, {"Idempotency-Replayed": "true"} if is_replay else {})
