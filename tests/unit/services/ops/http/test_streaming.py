"""Event streams: only the user's events, heartbeats, and a limit of open streams."""

import asyncio
from collections.abc import AsyncIterator

from services.ops.http.streaming import ServerSentEvent, server_sent
from tests.unit.services.ops.sample_events import profile
from tests.unit.services.ops.site import site


async def test_a_stream_has_only_the_events_of_its_user() -> None:
    live = site()

    async def publish() -> None:
        await live.kafka.wait_for_listener()
        live.kafka.deliver(profile("bob"))
        live.kafka.deliver(profile("ada", tenant="gallery"))
        live.kafka.deliver(profile("ada"))
        for _ in range(20):
            await asyncio.sleep(0)
        live.ops.streams.closing.set()

    async with live.client() as app:
        publishing = asyncio.create_task(publish())
        response = await app.get("/v1/events", params={"user_id": "ada"})
        await publishing
    assert response.headers["content-type"].startswith("text/event-stream")
    events = [part for part in response.text.split("\n\n") if "\nevent:" in part]
    assert len(events) == 1
    assert "event: profile.updated.v1\n" in events[0]
    assert '"tenant":"default"' in events[0]


async def test_a_silent_stream_sends_heartbeats() -> None:
    async def nothing() -> AsyncIterator[ServerSentEvent]:
        await asyncio.sleep(3600)
        yield ("", "", "")

    closing = asyncio.Event()
    texts = []
    async for text in server_sent(nothing(), closing=closing, heartbeat_seconds=0.01):
        texts.append(text)
        if len(texts) == 3:
            closing.set()
    assert texts == [": listening\n\n", ": still here\n\n", ": still here\n\n"]


async def test_a_stream_above_the_limit_is_rejected() -> None:
    live = site(max_streams=0)
    async with live.client() as app:
        response = await app.get("/v1/events", params={"user_id": "ada"})
    assert response.status_code == 503
    assert response.json()["type"].endswith("too-many-streams")
