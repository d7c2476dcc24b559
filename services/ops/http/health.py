"""Liveness, readiness and metrics endpoints."""

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import JSONResponse, Response

from services.ops.context import Context

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
async def healthz(ops: Context) -> Response:
    """Report whether the process works; otherwise it must be restarted."""
    return _response(ops.kafka.dead_because())


@router.get("/readyz")
async def readyz(ops: Context) -> Response:
    """Report whether the process can answer requests."""
    return _response(ops.kafka.dead_because(), await ops.kafka.not_ready_because())


@router.get("/metrics")
async def metrics(ops: Context) -> Response:
    """Return the metrics in the Prometheus text format."""
    return Response(generate_latest(ops.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


def _response(*reasons: str | None) -> Response:
    problems = [reason for reason in reasons if reason]
    return JSONResponse({"ok": not problems, "problems": problems}, 503 if problems else 200)
