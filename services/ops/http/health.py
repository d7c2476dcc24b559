"""Say whether the operations service lives and is ready, and what it has counted."""

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import JSONResponse, Response

from services.ops.context import OpsOf

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
async def healthz(ops: OpsOf) -> Response:
    """Whether this process should go on."""
    return _told(ops.kafka.dead_because())


@router.get("/readyz")
async def readyz(ops: OpsOf) -> Response:
    """Whether requests should be sent here."""
    return _told(ops.kafka.dead_because(), await ops.kafka.not_ready_because())


@router.get("/metrics")
async def metrics(ops: OpsOf) -> Response:
    """For Prometheus."""
    return Response(generate_latest(ops.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


def _told(*problems: str | None) -> Response:
    told = [problem for problem in problems if problem]
    return JSONResponse({"ok": not told, "problems": told}, 503 if told else 200)
