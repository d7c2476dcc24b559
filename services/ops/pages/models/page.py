"""The models: who serves, who was tried, what the gate found, and the way back."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from services.ops.admin.models import Models
from services.ops.context import Ops, OpsOf
from services.ops.http.middleware.authentication import Operator
from services.ops.http.problems import Problem
from services.ops.pages.models.gate_report import gate_report
from services.ops.pages.rendering.templates import render
from services.ops.pages.training_jobs.training_curves import trainings
from shared.events.types.fields import Identifier

router = APIRouter()
Reason = Annotated[str, Form(max_length=1_000)]
Version = Annotated[str, Query(max_length=200)]


def _registry(ops: Ops) -> Models:
    if ops.models is None:
        told = "No registry is at hand where this runs; `preferstream models` shows it."
        raise Problem(404, "no-registry", told)
    return ops.models


@router.get("/models")
async def models(http: Request, ops: OpsOf, done: Version = "") -> Response:
    return render(http, "models.html", standing=await _registry(ops).standing(), done=done)


@router.get("/model")
async def model(http: Request, ops: OpsOf, version: Version) -> Response:
    registry = _registry(ops)
    standing = await registry.standing()
    found = next((one for one in standing.versions if one.version == version), None)
    if found is None:
        raise Problem(404, "no-such-version", f"There is no version {version!r}.")
    report = await registry.report(version)
    return render(
        http, "model.html",
        one=found, standing=standing, report=gate_report(report) if report else None,
        trainings=trainings(await registry.curves(version)),
    )  # fmt: skip


@router.post("/model/promote")
async def promote(
    ops: OpsOf,
    who: Operator,
    version: Annotated[Identifier, Form()],
    reason: Reason = "",
    anyway: Annotated[bool, Form()] = False,
) -> Response:
    _all_tenants(who.tenant)
    async with ops.audit.action(who, "model.promote", target=version) as entry:
        why = reason.strip() or f"by {who.name} on the dashboard"
        done = await _registry(ops).promote(version, reason=why, anyway=anyway)
        entry.details |= {"warnings": "; ".join(done.warnings)} if done.warnings else {}
    return _back(f"{done.version} was announced as champion", done.warnings)


@router.post("/models/rollback")
async def rollback(ops: OpsOf, who: Operator, reason: Reason = "") -> Response:
    _all_tenants(who.tenant)
    async with ops.audit.action(who, "model.rollback"):
        why = reason.strip() or f"by {who.name} on the dashboard"
        done = await _registry(ops).rollback(reason=why)
    return _back(f"rolled back: {done.version}", done.warnings)


def _all_tenants(tenant: str | None) -> None:
    if tenant is not None:
        told = "A token that is kept to one tenant changes no model: it serves all of them."
        raise Problem(403, "other-tenant", told)


def _back(told: str, warnings: object) -> Response:
    note = f"{told}; the registry could not follow" if warnings else told
    return RedirectResponse(f"/models?{urlencode({'done': note[:200]})}", 303)
