"""`POST /v1/images`: publish one image, a list of up to 1,000, or NDJSON to the catalog."""

from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from services.ops.auth.roles import Principal
from services.ops.catalog.reading import serving
from services.ops.context import Context
from services.ops.gateway.catalog.bodies import ImageBody, ImagesAccepted
from services.ops.gateway.catalog.parsing import (
    JSON,
    MAX_IMAGES,
    NDJSON,
    EventOf,
    all_refused,
    items_of,
    parse_images,
)
from services.ops.gateway.feeds import Tenant
from services.ops.gateway.request_body import REF
from services.ops.gateway.responses import FAILURES
from services.ops.gateway.tenancy import tenant_for
from services.ops.http.idempotency import IdempotencyKey, IdempotentRequest
from services.ops.http.middleware.authentication import Writer
from shared.client import catalog_image
from shared.domain.clock import Clock
from shared.events import CatalogImage

router = APIRouter(prefix="/v1", tags=["catalog"])
_IMAGE: Final = {"$ref": REF.format(model=ImageBody.__name__)}
BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            JSON: {
                "schema": {
                    "oneOf": [
                        _IMAGE,
                        {"type": "array", "items": _IMAGE, "minItems": 1, "maxItems": MAX_IMAGES},
                    ]
                }
            },
            NDJSON: {"schema": {"type": "string", "description": "One image a line."}},
        },
    }
}


@router.post(
    "/images",
    status_code=202,
    openapi_extra=BODY,
    responses={202: {"model": ImagesAccepted}, **FAILURES},
)
async def publish(
    http: Request,
    ops: Context,
    principal: Writer,
    tenant: Tenant = None,
    key: IdempotencyKey = None,
) -> Response:
    """Publish images: 202 when Kafka has all valid ones; the others are in `refused`.

    A request without a valid image is a 422.
    """
    body = await http.body()
    keyed = IdempotentRequest(principal, tenant_for(principal, tenant), key, body)
    await serving(ops)
    items = items_of(http.headers.get("content-type", ""), body)
    images = parse_images(items, _event_of(principal, keyed, ops.clock))
    if not images.events:
        raise all_refused(images.refused)

    async def send() -> tuple[UUID, ...]:
        for start in range(0, len(images.events), MAX_IMAGES):
            await ops.kafka.send(*images.events[start : start + MAX_IMAGES])
        return tuple(event.event_id for event in images.events)

    event_ids, is_replay = await ops.actions.once(keyed, send)
    accepted = ImagesAccepted(
        image_ids=tuple(event.image_id for event in images.events),
        event_ids=event_ids,
        refused=images.refused,
    )
    headers = {"Idempotency-Replayed": "true"} if is_replay else {}
    return JSONResponse(accepted.model_dump(mode="json"), 202, headers)


def _event_of(principal: Principal, keyed: IdempotentRequest, clock: Clock) -> EventOf:
    def event_of(position: int, image: ImageBody) -> CatalogImage:
        fields = image.model_dump(exclude={"image_id", "uri", "tenant"}, exclude_unset=True)
        return catalog_image(
            image.image_id,
            image.uri,
            tenant=tenant_for(principal, image.tenant or keyed.tenant),
            event_id=keyed.id_of(f"image {position}", about=image.image_id),
            occurred_at=clock(),
            **fields,
        )

    return event_of
