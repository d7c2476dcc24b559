"""Events as they happen: a user's own, with heartbeats, until the reader or the process goes."""

import asyncio
from collections.abc import AsyncIterator

from services.ops.http.streaming import Told, server_sent
from tests.unit.services.ops.sample_answers import profile
from tests.unit.services.ops.site import site


async def test_a_user_hears_of_themselves_alone() -> None:
    live = site()

    async def happens() -> None:
        await live.kafka.listened_to()
        live.kafka.tell(profile("bob"))
        live.kafka.tell(profile("ada", tenant="gallery"))
        live.kafka.tell(profile("ada"))
        for _ in range(20):
            await asyncio.sleep(0)
        live.ops.streams.closing.set()

    async with live.client() as app:
        happening = asyncio.create_task(happens())
        answer = await app.get("/v1/events", params={"user_id": "ada"})
        await happening
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = [part for part in answer.text.split("\n\n") if "\nevent:" in part]
    assert len(events) == 1
    assert "event: profile.updated.v1\n" in events[0]
    assert '"tenant":"default"' in events[0]


async def test_silence_is_broken_by_heartbeats() -> None:
    async def nothing() -> AsyncIterator[Told]:
        await asyncio.sleep(3600)
        yield ("", "", "")

    closing = asyncio.Event()
    texts = []
    async for text in server_sent(nothing(), closing=closing, heartbeat_seconds=0.01):
        texts.append(text)
        if len(texts) == 3:
            closing.set()
    assert texts == [": listening\n\n", ": still here\n\n", ": still here\n\n"]


async def test_no_more_streams_are_opened_than_we_serve() -> None:
    live = site(most_streams=0)
    async with live.client() as app:
        answer = await app.get("/v1/events", params={"user_id": "ada"})
    assert answer.status_code == 503
    assert answer.json()["type"].endswith("too-many-streams")
