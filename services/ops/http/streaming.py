"""Server-sent events: format a stream, send heartbeats, and end it when the process stops."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

HEARTBEAT_SECONDS: Final = 15.0
"""Proxies close a silent connection after about a minute. The heartbeat also detects clients that
have disconnected."""
MAX_STREAMS: Final = 1_000
"""Open streams of one instance. Each holds a connection and up to 1,000 unread records."""

ServerSentEvent = tuple[str, str, str]
"""Id, name and data of an event, one line each. An event without a name carries only its id."""


class Streams:
    """The number of open streams, and the signal that they must end."""

    def __init__(self, *, max_open: int = MAX_STREAMS) -> None:
        self.closing = asyncio.Event()
        self._max_open = max_open
        self._open = 0

    @property
    def are_full(self) -> bool:
        return self._open >= self._max_open or self.closing.is_set()

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count one open stream while the block runs."""
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1


async def server_sent(
    events: AsyncIterator[ServerSentEvent],
    *,
    closing: asyncio.Event,
    heartbeat_seconds: float = HEARTBEAT_SECONDS,
) -> AsyncIterator[str]:
    """Yield the text of a stream: events, heartbeat comments in silence, an end at `closing`."""
    closed = asyncio.ensure_future(closing.wait())
    next_event: asyncio.Future[ServerSentEvent] = asyncio.ensure_future(anext(events))
    try:
        yield ": listening\n\n"
        while True:
            waits: set[asyncio.Future[Any]] = {closed, next_event}
            await asyncio.wait(
                waits,
                timeout=heartbeat_seconds,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if closed.done():
                return
            if not next_event.done():
                yield ": still here\n\n"
                continue
            try:
                event_id, name, data = next_event.result()
            except StopAsyncIteration:
                return
            fields = f"event: {name}\ndata: {data}\n" if name else ""
            yield f"id: {event_id}\n{fields}\n"
            next_event = asyncio.ensure_future(anext(events))
    finally:
        for task in (closed, next_event):
            task.cancel()
            with suppress(asyncio.CancelledError, StopAsyncIteration):
                await task
