"""Dead letter pages: search, inspect, fix and replay, or drop."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Final
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Depends, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from services.ops.auth.roles import Principal
from services.ops.context import Context
from services.ops.http.middleware.authentication import Operator
from services.ops.http.problems import Problem
from services.ops.pages.rendering.templates import render
from shared.dead_letters import (
    AlreadyResolved,
    CannotReplay,
    DeadLetterFilter,
    DeadLetterNotFound,
    InvalidCursor,
    Outcome,
)
from shared.dead_letters.queries import PAGE
from shared.events.topics import CONSUMED
from shared.events.types.fields import Identifier

router = APIRouter()
SOURCES: Final = tuple(topic.name for topic in CONSUMED)
SEARCH_FIELDS: Final = ("topic", "reason", "text", "include_resolved")
SearchText = Annotated[str, Query(max_length=200)]
Id = Annotated[Identifier, Form()]
Ids = Annotated[list[Identifier], Form(min_length=1, max_length=PAGE)]
"""The dead letters of one page."""
Note = Annotated[str, Form(max_length=1_000)]
ListQuery = Annotated[str, Form(max_length=2_000)]
"""The search of the list, to return to it after an action."""


def _of_all_tenants(principal: Operator) -> Principal:
    """Require a token for all tenants: an unreadable event does not show its tenant."""
    if principal.tenant is not None:
        detail = (
            f"The token {principal.name} is limited to one tenant; dead letters are of all tenants."
        )
        raise Problem(403, "other-tenant", detail)
    return principal


DeadLetterOperator = Annotated[Principal, Depends(_of_all_tenants)]


@router.get("/dead-letters")
async def dead_letters(
    http: Request,
    ops: Context,
    _: DeadLetterOperator,
    topic: SearchText = "",
    reason: SearchText = "",
    text: SearchText = "",
    include_resolved: Annotated[bool, Query()] = False,
    after: Annotated[str, Query(max_length=8_000)] = "",
    done: Annotated[str, Query(max_length=500)] = "",
) -> Response:
    if topic and topic not in SOURCES:
        raise Problem(422, "unknown-topic", f"Dead letters come from {', '.join(SOURCES)}.")
    wanted = DeadLetterFilter(
        topic=topic or None,
        reason=reason.strip() or None,
        text=text or None,
        resolved=include_resolved,
    )
    with _as_problems():
        page = await ops.dead_letters.letters(wanted, after=after or None)
    search = {
        "topic": topic,
        "reason": reason,
        "text": text,
        "include_resolved": "true" if include_resolved else "",
    }
    query = urlencode({name: value for name, value in search.items() if value})
    return render(
        http, "dead_letters/list.html",
        page=page, sources=SOURCES, search=search, query=query, first=not after, done=done,
        open=[letter.id for letter in page.letters if letter.resolved is None],
        following=urlencode({"after": page.next or ""}),
    )  # fmt: skip


@router.get("/dead-letter")
async def dead_letter(
    http: Request, ops: Context, _: DeadLetterOperator, id: Annotated[str, Query(max_length=300)]
) -> Response:
    with _as_problems():
        letter = await ops.dead_letters.letter(id)
    return render(http, "dead_letters/dead_letter.html", letter=letter, fields=letter.as_dict())


@router.post("/dead-letter/replay")
async def replay(
    ops: Context,
    principal: DeadLetterOperator,
    id: Id,
    note: Note = "",
    value: Annotated[str | None, Form(max_length=4_000_000)] = None,
) -> Response:
    """Send it back to its topic, unchanged or with a new value."""
    fixed = value.replace("\r\n", "\n").encode("utf-8", "replace") if value is not None else None
    async with ops.audit.action(principal, "dead_letter.replay", target=id):
        with _as_problems():
            await ops.dead_letters.replay(
                id, value=fixed, by=principal.name, note=note.strip() or None
            )
    return _back_to(id)


@router.post("/dead-letter/drop")
async def drop(ops: Context, principal: DeadLetterOperator, id: Id, note: Note = "") -> Response:
    """Close it without sending it back."""
    async with ops.audit.action(principal, "dead_letter.drop", target=id):
        with _as_problems():
            await ops.dead_letters.drop(id, by=principal.name, note=note.strip() or None)
    return _back_to(id)


@router.post("/dead-letters/replay")
async def replay_all(
    ops: Context, principal: DeadLetterOperator, id: Ids, note: Note = "", query: ListQuery = ""
) -> Response:
    """Send all dead letters of a page back, unchanged."""
    async with ops.audit.action(principal, "dead_letter.replay_all") as entry:
        with _as_problems():
            outcome = await ops.dead_letters.replay_all(
                id, by=principal.name, note=note.strip() or None
            )
        entry.details |= _counted(outcome)
    return _back_to_list(query, outcome, "replayed")


@router.post("/dead-letters/drop")
async def drop_all(
    ops: Context, principal: DeadLetterOperator, id: Ids, note: Note = "", query: ListQuery = ""
) -> Response:
    """Close all dead letters of a page."""
    async with ops.audit.action(principal, "dead_letter.drop_all") as entry:
        with _as_problems():
            outcome = await ops.dead_letters.drop_all(
                id, by=principal.name, note=note.strip() or None
            )
        entry.details |= _counted(outcome)
    return _back_to_list(query, outcome, "dropped")


def _counted(outcome: Outcome) -> dict[str, str]:
    return {"resolved": str(len(outcome.resolved)), "refused": str(len(outcome.refused))}


def _back_to_list(query: str, outcome: Outcome, action: str) -> Response:
    message = f"{len(outcome.resolved)} {action}"
    if outcome.refused:
        message += f"; {len(outcome.refused)} not: {next(iter(outcome.refused.values()))}"
    search = [(name, value) for name, value in parse_qsl(query) if name in SEARCH_FIELDS]
    return RedirectResponse(f"/dead-letters?{urlencode([*search, ('done', message[:500])])}", 303)


def _back_to(letter_id: str) -> Response:
    return RedirectResponse(f"/dead-letter?{urlencode({'id': letter_id})}", 303)


@contextmanager
def _as_problems() -> Iterator[None]:
    """Translate exceptions of the block into problems."""
    try:
        yield
    except DeadLetterNotFound as error:
        raise Problem(404, "no-such-letter", str(error)) from error
    except InvalidCursor as error:
        raise Problem(422, "bad-cursor", str(error)) from error
    except AlreadyResolved as error:
        raise Problem(409, "already-resolved", str(error)) from error
    except CannotReplay as error:
        raise Problem(422, "cannot-replay", str(error)) from error
