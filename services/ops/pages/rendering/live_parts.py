"""Stream changed parts of an open page to the browser as server-sent events."""

import json
import logging
from collections.abc import AsyncIterator

from starlette.responses import Response, StreamingResponse

from services.ops.context import OpsContext
from services.ops.http.problems import Problem
from services.ops.http.streaming import ServerSentEvent, server_sent
from shared.domain.errors import Unavailable

log = logging.getLogger(__name__)
Part = tuple[str, str]
"""Name of an event, and the HTML of the page part that it carries."""


def stream(ops: OpsContext, parts: AsyncIterator[Part]) -> Response:
    """Return a response that sends parts until the browser disconnects or the process stops."""
    if ops.streams.are_full:
        raise Problem(
            503, "too-many-streams", "Too many streams are open; retry later.",
            headers={"Retry-After": "5"},
        )  # fmt: skip
    ops.metrics.streams.inc()

    async def text_stream() -> AsyncIterator[str]:
        with ops.streams.counted():
            try:
                async for text in server_sent(_numbered(parts), closing=ops.streams.closing):
                    yield text
            except Unavailable as error:
                # The browser connects again automatically.
                log.warning("the stream of a page ends: %s", error)

    return StreamingResponse(text_stream(), media_type="text/event-stream")


async def _numbered(parts: AsyncIterator[Part]) -> AsyncIterator[ServerSentEvent]:
    number = 0
    async for name, html in parts:
        number += 1
        # JSON keeps a part on one line.
        yield str(number), name, json.dumps(html)
