"""Send events to a browser for as long as it listens, and no longer than we run."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

HEARTBEAT_SECONDS: Final = 15.0
"""Silence after which proxies think a connection dead is a minute; and how soon we notice one."""
MOST_STREAMS: Final = 1_000
"""Streams of one instance: each holds a connection and up to 1,000 unread records."""

Told = tuple[str, str, str]
"""Id, name and data of an event; each of one line. Without a name it is an id to remember."""


class Streams:
    """How many streams are open, and whether they must end."""

    def __init__(self, *, most: int = MOST_STREAMS) -> None:
        self.closing = asyncio.Event()
        self._most = most
        self._open = 0

    @property
    def are_full(self) -> bool:
        return self._open >= self._most or self.closing.is_set()

    @contextmanager
    def one_more(self) -> Iterator[None]:
        """A stream is open for the length of the block."""
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1


async def server_sent(
    events: AsyncIterator[Told],
    *,
    closing: asyncio.Event,
    heartbeat_seconds: float = HEARTBEAT_SECONDS,
) -> AsyncIterator[str]:
    """The text of a stream: events as they come, comments when none do, an end at `closing`."""
    closed = asyncio.ensure_future(closing.wait())
    coming: asyncio.Future[Told] = asyncio.ensure_future(anext(events))
    try:
        yield ": listening\n\n"
        while True:
            waits: set[asyncio.Future[Any]] = {closed, coming}
            await asyncio.wait(
                waits,
                timeout=heartbeat_seconds,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if closed.done():
                return
            if not coming.done():
                yield ": still here\n\n"
                continue
            try:
                event_id, name, data = coming.result()
            except StopAsyncIteration:
                return
            said = f"event: {name}\ndata: {data}\n" if name else ""
            yield f"id: {event_id}\n{said}\n"
            coming = asyncio.ensure_future(anext(events))
    finally:
        for task in (closed, coming):
            task.cancel()
            with suppress(asyncio.CancelledError, StopAsyncIteration):
                await task
