"""Dead letters: find them, see why, mend and send them back, or let them be."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Final
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Depends, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from services.ops.auth.roles import Principal
from services.ops.context import OpsOf
from services.ops.http.middleware.authentication import Operator
from services.ops.http.problems import Problem
from services.ops.pages.rendering.templates import render
from shared.dead_letters import (
    AlreadyResolved,
    BadCursor,
    CannotReplay,
    NoSuchLetter,
    Outcome,
    Wanted,
)
from shared.dead_letters.reading import PAGE
from shared.events.topics import CONSUMED
from shared.events.types.fields import Identifier

router = APIRouter()
SOURCES: Final = tuple(topic.name for topic in CONSUMED)
ASKED: Final = ("topic", "reason", "text", "every")
Asked = Annotated[str, Query(max_length=200)]
Id = Annotated[Identifier, Form()]
Ids = Annotated[list[Identifier], Form(min_length=1, max_length=PAGE)]
"""What a page lists."""
Note = Annotated[str, Form(max_length=1_000)]
Came = Annotated[str, Form(max_length=2_000)]
"""What the page was asked for, to come back to it."""


def _of_all_tenants(who: Operator) -> Principal:
    """A dead letter may be anybody's: what cannot be read says of no tenant that it is its."""
    if who.tenant is not None:
        told = f"The token {who.name} is kept to one tenant; dead letters are of all of them."
        raise Problem(403, "other-tenant", told)
    return who


Clerk = Annotated[Principal, Depends(_of_all_tenants)]


@router.get("/dead-letters")
async def dead_letters(
    http: Request,
    ops: OpsOf,
    _: Clerk,
    topic: Asked = "",
    reason: Asked = "",
    text: Asked = "",
    every: Annotated[bool, Query()] = False,
    after: Annotated[str, Query(max_length=8_000)] = "",
    done: Annotated[str, Query(max_length=500)] = "",
) -> Response:
    if topic and topic not in SOURCES:
        raise Problem(422, "unknown-topic", f"Dead letters come from {', '.join(SOURCES)}.")
    wanted = Wanted(
        topic=topic or None, reason=reason.strip() or None, text=text or None, resolved=every
    )
    with _told():
        page = await ops.desk.letters(wanted, after=after or None)
    asked = {"topic": topic, "reason": reason, "text": text, "every": "true" if every else ""}
    query = urlencode({name: value for name, value in asked.items() if value})
    return render(
        http, "dead_letters.html",
        page=page, sources=SOURCES, asked=asked, query=query, first=not after, done=done,
        open=[one.id for one in page.letters if one.resolved is None],
        following=urlencode({"after": page.next or ""}),
    )  # fmt: skip


@router.get("/dead-letter")
async def dead_letter(
    http: Request, ops: OpsOf, _: Clerk, id: Annotated[str, Query(max_length=300)]
) -> Response:
    with _told():
        letter = await ops.desk.letter(id)
    return render(http, "dead_letter.html", letter=letter, told=letter.plain())


@router.post("/dead-letter/replay")
async def replay(
    ops: OpsOf,
    who: Clerk,
    id: Id,
    note: Note = "",
    value: Annotated[str | None, Form(max_length=4_000_000)] = None,
) -> Response:
    """Send it back as it came, or with another value."""
    mended = value.replace("\r\n", "\n").encode("utf-8", "replace") if value is not None else None
    async with ops.audit.action(who, "dead_letter.replay", target=id):
        with _told():
            await ops.desk.replay(id, value=mended, by=who.name, note=note.strip() or None)
    return _back_to(id)


@router.post("/dead-letter/drop")
async def drop(ops: OpsOf, who: Clerk, id: Id, note: Note = "") -> Response:
    async with ops.audit.action(who, "dead_letter.drop", target=id):
        with _told():
            await ops.desk.drop(id, by=who.name, note=note.strip() or None)
    return _back_to(id)


@router.post("/dead-letters/replay")
async def replay_all(
    ops: OpsOf, who: Clerk, id: Ids, note: Note = "", query: Came = ""
) -> Response:
    """Send the letters of a page back as they came."""
    async with ops.audit.action(who, "dead_letter.replay_all") as entry:
        with _told():
            outcome = await ops.desk.replay_all(id, by=who.name, note=note.strip() or None)
        entry.details |= _counted(outcome)
    return _back_to_list(query, outcome, "sent back")


@router.post("/dead-letters/drop")
async def drop_all(ops: OpsOf, who: Clerk, id: Ids, note: Note = "", query: Came = "") -> Response:
    """Let the letters of a page be."""
    async with ops.audit.action(who, "dead_letter.drop_all") as entry:
        with _told():
            outcome = await ops.desk.drop_all(id, by=who.name, note=note.strip() or None)
        entry.details |= _counted(outcome)
    return _back_to_list(query, outcome, "let be")


def _counted(outcome: Outcome) -> dict[str, str]:
    return {"resolved": str(len(outcome.resolved)), "refused": str(len(outcome.refused))}


def _back_to_list(query: str, outcome: Outcome, how: str) -> Response:
    told = f"{len(outcome.resolved)} {how}"
    if outcome.refused:
        told += f"; {len(outcome.refused)} not: {next(iter(outcome.refused.values()))}"
    asked = [(name, value) for name, value in parse_qsl(query) if name in ASKED]
    return RedirectResponse(f"/dead-letters?{urlencode([*asked, ('done', told[:500])])}", 303)


def _back_to(letter_id: str) -> Response:
    return RedirectResponse(f"/dead-letter?{urlencode({'id': letter_id})}", 303)


@contextmanager
def _told() -> Iterator[None]:
    """What cannot be done, as problems."""
    try:
        yield
    except NoSuchLetter as error:
        raise Problem(404, "no-such-letter", str(error)) from error
    except BadCursor as error:
        raise Problem(422, "bad-cursor", str(error)) from error
    except AlreadyResolved as error:
        raise Problem(409, "already-resolved", str(error)) from error
    except CannotReplay as error:
        raise Problem(422, "cannot-replay", str(error)) from error
