"""Tell open pages what has just happened, as server-sent events."""

import json
import logging
from collections.abc import AsyncIterator

from fastapi import APIRouter
from starlette.responses import Response, StreamingResponse

from services.ops.context import Ops, OpsOf
from services.ops.http.problems import Problem
from services.ops.http.streaming import Told, server_sent
from services.ops.pages.rendering.templates import fragment
from services.ops.pages.users.taste_view import of_event, of_stored
from services.ops.pages.users.user_access import Person, PersonOf
from shared.domain.errors import Unavailable
from shared.events import ProfileUpdated
from shared.events.topics import PROFILES
from shared.events.types.base import record_key

log = logging.getLogger(__name__)
router = APIRouter()
Part = tuple[str, str]
"""Name of an event, and the part of a page that it carries."""


def stream(ops: Ops, parts: AsyncIterator[Part]) -> Response:
    """An answer that goes on for as long as somebody listens and we run."""
    if ops.streams.are_full:
        raise Problem(
            503, "too-many-streams", "As many streams are open as we serve; come back later.",
            headers={"Retry-After": "5"},
        )  # fmt: skip
    ops.metrics.streams.inc()

    async def told() -> AsyncIterator[str]:
        with ops.streams.one_more():
            try:
                async for text in server_sent(_numbered(parts), closing=ops.streams.closing):
                    yield text
            except Unavailable as error:
                # The browser connects again by itself.
                log.warning("a page's stream ends: %s", error)

    return StreamingResponse(told(), media_type="text/event-stream")


async def _numbered(parts: AsyncIterator[Part]) -> AsyncIterator[Told]:
    number = 0
    async for name, html in parts:
        number += 1
        # JSON keeps a part on one line, whatever stands in it.
        yield str(number), name, json.dumps(html)


@router.get("/live/profile")
async def profile(ops: OpsOf, person: PersonOf) -> Response:
    """A person's taste as it stands, and anew whenever it changes."""
    return stream(ops, tastes_of(ops, person, "_taste.html"))


@router.get("/live/editor")
async def editor(ops: OpsOf, person: PersonOf) -> Response:
    """The same, each word with what can be said of it."""
    return stream(ops, tastes_of(ops, person, "_editor.html"))


async def tastes_of(ops: Ops, person: Person, template: str) -> AsyncIterator[Part]:
    key = record_key(tenant=person.tenant, user_id=person.user).encode()
    async with ops.kafka.listening(
        lambda record: record.topic == PROFILES.name and record.key == key
    ) as heard:
        stored = await ops.stores.profiles.get(tenant=person.tenant, user_id=person.user)
        taste = of_stored(stored) if stored else None
        yield "profile", fragment(template, person=person, taste=taste)
        async for _, event in heard:
            if isinstance(event, ProfileUpdated):
                taste = of_event(event, before=taste.places if taste else ())
                yield "changed", fragment(template, person=person, taste=taste)
            else:
                # A tombstone: the person was erased.
                taste = None
                yield "profile", fragment(template, person=person, taste=None)
