"""The first page: how the system fares."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.ops.context import OpsOf
from services.ops.pages.rendering import render

router = APIRouter()


@router.get("/")
async def overview(request: Request, ops: OpsOf) -> Response:
    trouble = ops.kafka.dead_because() or await ops.kafka.not_ready_because()
    return render(request, "overview.html", trouble=trouble)
