"""Tell open pages what has just happened, as server-sent events."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response, StreamingResponse

from services.ops.context import Ops, OpsOf
from services.ops.pages.people import Person, PersonOf
from services.ops.pages.rendering import fragment
from services.ops.pages.tastes import of_event, of_stored
from shared.events import ProfileUpdated
from shared.events.base import record_key
from shared.events.topics import PROFILES

router = APIRouter()
BEAT_SECONDS: Final = 15.0
"""Silence after which a comment is sent: proxies close what is silent, and we notice who left."""

Told = tuple[str, str]
"""Name and data of one event."""


def stream(events: AsyncIterator[Told]) -> Response:
    """An answer that goes on for as long as somebody listens."""
    headers = {"X-Accel-Buffering": "no", "Cache-Control": "no-store"}
    return StreamingResponse(_text(events), media_type="text/event-stream", headers=headers)


async def _text(events: AsyncIterator[Told]) -> AsyncIterator[str]:
    coming = asyncio.ensure_future(anext(events))
    try:
        while True:
            await asyncio.wait({coming}, timeout=BEAT_SECONDS)
            if not coming.done():
                yield ": still here\n\n"
                continue
            try:
                name, data = coming.result()
            except StopAsyncIteration:
                return
            # JSON keeps the data on one line, whatever stands in it.
            yield f"event: {name}\ndata: {json.dumps(data)}\n\n"
            coming = asyncio.ensure_future(anext(events))
    finally:
        coming.cancel()
        with suppress(asyncio.CancelledError, StopAsyncIteration):
            await coming


@router.get("/live/profile")
async def profile(ops: OpsOf, person: PersonOf) -> Response:
    """A person's taste as it stands, and anew whenever it changes."""
    return stream(tastes_of(ops, person))


async def tastes_of(ops: Ops, person: Person) -> AsyncIterator[Told]:
    key = record_key(tenant=person.tenant, user_id=person.user).encode()
    async with ops.kafka.listening(
        lambda record: record.topic == PROFILES.name and record.key == key
    ) as heard:
        stored = await ops.stores.profiles.get(tenant=person.tenant, user_id=person.user)
        taste = of_stored(stored) if stored else None
        yield "profile", fragment("_taste.html", taste=taste)
        async for _, event in heard:
            if isinstance(event, ProfileUpdated):
                taste = of_event(event, before=taste.places if taste else ())
                yield "changed", fragment("_taste.html", taste=taste)
            else:
                # A tombstone: the person was erased.
                taste = None
                yield "profile", fragment("_taste.html", taste=None)
