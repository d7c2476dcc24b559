"""The page of one user: profile, corrections, references, history, export and erasure."""

import json
from contextlib import AbstractAsyncContextManager
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Form, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from services.ops.admin.audit import AuditEntry
from services.ops.auth.roles import Principal
from services.ops.context import Context, OpsContext
from services.ops.http.middleware.authentication import Operator, Reader, Writer
from services.ops.http.problems import Problem
from services.ops.pages.rendering.forms import as_problem, is_script_request
from services.ops.pages.rendering.templates import render
from services.ops.pages.users import history
from services.ops.pages.users.taste_view import of_stored
from services.ops.pages.users.user_ref import RequestedUser, UserRef, allowed_user
from shared.client import correction
from shared.events import UserErase
from shared.events.types.operator import user_target
from shared.store.protocol import StoredProfile

router = APIRouter()
Field = Annotated[str, Form(max_length=1024)]


@router.get("/user")
async def user_page(http: Request, ops: Context, user: RequestedUser) -> Response:
    stored = await ops.stores.profiles.get(tenant=user.tenant, user_id=user.user_id)
    return render(
        http, "users/user.html",
        user=user, taste=of_stored(stored) if stored else None, profile=stored,
        references=_latest_first(stored),
    )  # fmt: skip


@router.get("/user/history")
async def user_history(http: Request, ops: Context, user: RequestedUser) -> Response:
    records = await history.records_of(
        ops.cluster, user, history.PAGE_TOPICS, max_per_partition=history.PAGE_RECORDS
    )
    return render(
        http, "users/_history.html",
        lines=history.lines_of(records), user=user, searched=history.PAGE_RECORDS,
    )  # fmt: skip


@router.get("/user/export")
async def export(ops: Context, principal: Reader, user: RequestedUser) -> Response:
    """Return the stored profile and the events that Kafka still has, as a JSON file."""
    async with _audited(ops, principal, "profile.export", user):
        stored = await ops.stores.profiles.get(tenant=user.tenant, user_id=user.user_id)
        records = await history.records_of(
            ops.cluster, user, history.EXPORT_TOPICS, max_per_partition=history.EXPORT_RECORDS
        )
    # Outside of the audited block: the audit log stores the text of an error, here with the id.
    if stored is None and not records:
        raise Problem(404, "unknown-user", f"There is no data about {user.user_id!r}.")
    content = {
        "user_id": user.user_id,
        "tenant": user.tenant,
        "profile": stored.model_dump(mode="json") if stored else None,
        "events": [history.as_json(record) for record in records],
        "searched": f"the latest {history.EXPORT_RECORDS} records of each partition of "
        + ", ".join(topic.name for topic in history.EXPORT_TOPICS),
    }
    headers = {"Content-Disposition": 'attachment; filename="profile.json"'}
    text = json.dumps(content, ensure_ascii=False, indent=1)
    return Response(text, media_type="application/json", headers=headers)


@router.post("/user/correct")
async def correct(
    http: Request,
    ops: Context,
    principal: Writer,
    user: Field,
    action: Field,
    tenant: Field = "",
    element: Field = "",
    side: Field = "",
    word: Field = "",
    words: Field = "",
) -> Response:
    """Correct a profile. The live stream shows the new profile."""
    user_ref = allowed_user(principal, user=user, tenant=tenant or None)
    fields: dict[str, Any] = {
        "element": element or None,
        "side": side or None,
        "word": word or None,
    }
    if action == "edit":
        fields["words"] = tuple(_weighted(part) for part in words.split(",") if part.strip())
    try:
        event = correction(user_ref.user_id, action, tenant=user_ref.tenant, **fields)  # type: ignore[arg-type]  # the event rejects an unknown action
    except ValidationError as error:
        raise as_problem(error) from error
    detail = " ".join(filter(None, (event.action, event.element)))
    async with _audited(ops, principal, "profile.correct", user_ref, detail=detail):
        await ops.kafka.send(event)
    if is_script_request(http):
        return Response(status_code=204)
    return RedirectResponse(f"/user?{user_ref.query}", 303)


@router.post("/user/erase")
async def erase(
    ops: Context, principal: Operator, user: Field, confirmed: Field, tenant: Field = ""
) -> Response:
    """Request the erasure of a user from every service. The next page shows the receipts."""
    user_ref = allowed_user(principal, user=user, tenant=tenant or None)
    if confirmed.strip() != user_ref.user_id:
        detail = "The confirmation is not the user id; no data was erased."
        raise Problem(422, "not-confirmed", detail)
    event = UserErase(
        event_id=uuid4(),
        occurred_at=ops.clock(),
        user_id=user_ref.user_id,
        tenant=user_ref.tenant,
        reason=f"requested on the dashboard by {principal.name}",
    )
    async with _audited(ops, principal, "user.erase", user_ref):
        await ops.kafka.send(event)
    return RedirectResponse(f"/user/erased?{user_ref.query}&event={event.event_id}", 303)


def _audited(
    ops: OpsContext, principal: Principal, action: str, user: UserRef, *, detail: str | None = None
) -> AbstractAsyncContextManager[AuditEntry]:
    """Record an action on a user in the audit log, without the words of the profile."""
    target = user_target(tenant=user.tenant, user_id=user.user_id)
    return ops.audit.action(principal, action, target=target, tenant=user.tenant, detail=detail)


def _weighted(text: str) -> dict[str, Any]:
    """Parse `blue=0.8` or `blue`."""
    word, sign, weight = text.strip().rpartition("=")
    if not sign:
        return {"word": text.strip()}
    try:
        return {"word": word.strip(), "weight": float(weight)}
    except ValueError:
        detail = f"{text.strip()!r} needs a weight from 0 to 1 after the =, for example blue=0.8."
        raise Problem(422, "invalid-weight", detail) from None


def _latest_first(stored: StoredProfile | None) -> list[Any]:
    references = stored.references if stored else ()
    return sorted(references, key=lambda reference: reference.occurred_at, reverse=True)
