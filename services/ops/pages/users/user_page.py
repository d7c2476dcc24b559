"""One person: the taste in words, to be read, corrected, exported and erased."""

import json
from contextlib import AbstractAsyncContextManager
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Form, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from services.ops.admin.audit import Entry
from services.ops.auth.roles import Principal
from services.ops.context import Ops, OpsOf
from services.ops.http.middleware.authentication import Operator, Reader, Writer
from services.ops.http.problems import Problem
from services.ops.pages.rendering.forms import as_problem, came_from_a_script
from services.ops.pages.rendering.templates import render
from services.ops.pages.users import history
from services.ops.pages.users.taste_view import of_stored
from services.ops.pages.users.user_access import Person, PersonOf, open_person
from shared.client import correction
from shared.events import UserErase
from shared.events.types.operator import person_target
from shared.store.protocol import StoredProfile

router = APIRouter()
Field = Annotated[str, Form(max_length=1024)]


@router.get("/user")
async def user(http: Request, ops: OpsOf, person: PersonOf) -> Response:
    stored = await ops.stores.profiles.get(tenant=person.tenant, user_id=person.user)
    return render(
        http, "user.html",
        person=person, taste=of_stored(stored) if stored else None, profile=stored,
        references=_latest_first(stored),
    )  # fmt: skip


@router.get("/user/history")
async def what_happened(http: Request, ops: OpsOf, person: PersonOf) -> Response:
    records = await history.records_of(ops.cluster, person, history.SHOWN, most=history.LOOKED_BACK)
    return render(
        http, "_history.html",
        lines=history.told(records), person=person, looked_back=history.LOOKED_BACK,
    )  # fmt: skip


@router.get("/user/export")
async def export(ops: OpsOf, who: Reader, person: PersonOf) -> Response:
    """What is kept and what Kafka still holds, as a JSON file."""
    async with _written_down(ops, who, "profile.export", person):
        stored = await ops.stores.profiles.get(tenant=person.tenant, user_id=person.user)
        records = await history.records_of(
            ops.cluster, person, history.EXPORTED, most=history.EXPORTED_BACK
        )
    # Outside: what refuses an action is written down with it, and this names the person.
    if stored is None and not records:
        raise Problem(404, "unknown-person", f"Nothing is known about {person.user!r}.")
    told = {
        "user_id": person.user,
        "tenant": person.tenant,
        "profile": stored.model_dump(mode="json") if stored else None,
        "events": [history.as_json(record) for record in records],
        "searched": f"the latest {history.EXPORTED_BACK} records of each partition of "
        + ", ".join(topic.name for topic in history.EXPORTED),
    }
    named = {"Content-Disposition": 'attachment; filename="profile.json"'}
    text = json.dumps(told, ensure_ascii=False, indent=1)
    return Response(text, media_type="application/json", headers=named)


@router.post("/user/correct")
async def correct(
    http: Request,
    ops: OpsOf,
    who: Writer,
    user: Field,
    action: Field,
    tenant: Field = "",
    element: Field = "",
    side: Field = "",
    word: Field = "",
    words: Field = "",
) -> Response:
    """Say of a taste what outranks the model; the new taste is told by the live stream."""
    person = open_person(who, user=user, tenant=tenant or None)
    said: dict[str, Any] = {"element": element or None, "side": side or None, "word": word or None}
    if action == "edit":
        said["words"] = tuple(_weighted(one) for one in words.split(",") if one.strip())
    try:
        event = correction(person.user, action, tenant=person.tenant, **said)  # type: ignore[arg-type]  # the event refuses what is no action
    except ValidationError as error:
        raise as_problem(error) from error
    done = " ".join(filter(None, (event.action, event.element)))
    async with _written_down(ops, who, "profile.correct", person, detail=done):
        await ops.kafka.send(event)
    if came_from_a_script(http):
        return Response(status_code=204)
    return RedirectResponse(f"/user?{person.query}", 303)


@router.post("/user/erase")
async def erase(
    ops: OpsOf, who: Operator, user: Field, confirmed: Field, tenant: Field = ""
) -> Response:
    """Ask every service to forget the person; their receipts are shown as they come."""
    person = open_person(who, user=user, tenant=tenant or None)
    if confirmed.strip() != person.user:
        told = "What was typed is not the person's name; nobody was erased."
        raise Problem(422, "not-confirmed", told)
    event = UserErase(
        event_id=uuid4(),
        occurred_at=ops.clock(),
        user_id=person.user,
        tenant=person.tenant,
        reason=f"asked on the dashboard by {who.name}",
    )
    async with _written_down(ops, who, "user.erase", person):
        await ops.kafka.send(event)
    return RedirectResponse(f"/user/erased?{person.query}&event={event.event_id}", 303)


def _written_down(
    ops: Ops, who: Principal, action: str, person: Person, *, detail: str | None = None
) -> AbstractAsyncContextManager[Entry]:
    """An action on a person in the audit log, which names none of their words."""
    target = person_target(tenant=person.tenant, user_id=person.user)
    return ops.audit.action(who, action, target=target, tenant=person.tenant, detail=detail)


def _weighted(text: str) -> dict[str, Any]:
    """`blue=0.8` or `blue`."""
    word, sign, weight = text.strip().rpartition("=")
    if not sign:
        return {"word": text.strip()}
    try:
        return {"word": word.strip(), "weight": float(weight)}
    except ValueError:
        told = f"{text.strip()!r} has no weight behind its =; write a number 0-1, as in blue=0.8."
        raise Problem(422, "invalid-weight", told) from None


def _latest_first(stored: StoredProfile | None) -> list[Any]:
    found = stored.references if stored else ()
    return sorted(found, key=lambda reference: reference.occurred_at, reverse=True)
