"""Model pages: champion, challenger, versions, gate reports, promotion and rollback."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from services.ops.admin.models import ModelRegistry
from services.ops.context import Context, OpsContext
from services.ops.http.middleware.authentication import Operator
from services.ops.http.problems import Problem
from services.ops.pages.models.gate_report import gate_report
from services.ops.pages.rendering.templates import render
from services.ops.pages.training_jobs.training_curves import trainings
from shared.events.types.fields import Identifier

router = APIRouter()
Reason = Annotated[str, Form(max_length=1_000)]
Version = Annotated[str, Query(max_length=200)]


def _registry(ops: OpsContext) -> ModelRegistry:
    if ops.models is None:
        detail = "This process has no model registry; use `preferstream models` instead."
        raise Problem(404, "no-registry", detail)
    return ops.models


@router.get("/models")
async def models(http: Request, ops: Context, done: Version = "") -> Response:
    return render(http, "models/list.html", registry_state=await _registry(ops).state(), done=done)


@router.get("/model")
async def model(http: Request, ops: Context, version: Version) -> Response:
    registry = _registry(ops)
    registry_state = await registry.state()
    summary = next((item for item in registry_state.versions if item.version == version), None)
    if summary is None:
        raise Problem(404, "no-such-version", f"There is no version {version!r}.")
    report = await registry.report(version)
    return render(
        http, "models/model.html",
        model=summary, registry_state=registry_state,
        report=gate_report(report) if report else None,
        trainings=trainings(await registry.curves(version)),
    )  # fmt: skip


@router.post("/model/promote")
async def promote(
    ops: Context,
    principal: Operator,
    version: Annotated[Identifier, Form()],
    reason: Reason = "",
    force: Annotated[bool, Form()] = False,
) -> Response:
    _all_tenants(principal.tenant)
    async with ops.audit.action(principal, "model.promote", target=version) as entry:
        given_reason = reason.strip() or f"by {principal.name} on the dashboard"
        change = await _registry(ops).promote(version, reason=given_reason, force=force)
        entry.details |= {"warnings": "; ".join(change.warnings)} if change.warnings else {}
    return _back(f"{change.version} is announced as champion", change.warnings)


@router.post("/models/rollback")
async def rollback(ops: Context, principal: Operator, reason: Reason = "") -> Response:
    _all_tenants(principal.tenant)
    async with ops.audit.action(principal, "model.rollback"):
        given_reason = reason.strip() or f"by {principal.name} on the dashboard"
        change = await _registry(ops).rollback(reason=given_reason)
    return _back(f"rolled back to {change.version}", change.warnings)


def _all_tenants(tenant: str | None) -> None:
    if tenant is not None:
        detail = "A token for one tenant cannot change models, because they serve all tenants."
        raise Problem(403, "other-tenant", detail)


def _back(message: str, warnings: object) -> Response:
    note = f"{message}; the registry was not updated" if warnings else message
    return RedirectResponse(f"/models?{urlencode({'done': note[:200]})}", 303)
