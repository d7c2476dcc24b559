"""The first page: how the system fares, as it happens."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.ops.context import Ops, OpsOf
from services.ops.pages.overview.live import Part, stream
from services.ops.pages.overview.system_health import Looked, Vitals, vitals
from services.ops.pages.rendering.templates import fragment, render
from shared.client.records import events_of
from shared.domain.errors import Unavailable
from shared.events import RankedFeed
from shared.events.topics import FEEDS

router = APIRouter()
BEAT_SECONDS: Final = 2.0
"""How often an open page is told anew; looking takes Kafka some milliseconds."""
LATEST: Final = 50
"""Feeds of each partition that a page begins with."""
MOST_FEEDS: Final = 500
"""Feeds that latencies and statuses are counted over."""
SHOWN_BEATS: Final = 60
"""Two minutes of the lines."""


@router.get("/")
async def overview(request: Request) -> Response:
    return render(request, "overview.html")


@router.get("/live/overview")
async def live(ops: OpsOf) -> Response:
    return stream(ops, beats(ops, seconds=BEAT_SECONDS))


async def beats(ops: Ops, *, seconds: float) -> AsyncIterator[Part]:
    """The page's live part, again and again."""
    feeds: deque[RankedFeed] = deque(maxlen=MOST_FEEDS)
    rates: deque[tuple[float, float]] = deque(maxlen=SHOWN_BEATS)
    async with ops.kafka.listening(lambda record: record.topic == FEEDS.name) as heard:

        async def gather() -> None:
            async for _, event in heard:
                if isinstance(event, RankedFeed):
                    feeds.append(event)

        gathering = asyncio.create_task(gather())
        try:
            with suppress(Unavailable):
                feeds.extend(events_of(await ops.cluster.latest(FEEDS, most=LATEST), RankedFeed))
            before: Looked | None = None
            while True:
                trouble = ops.kafka.dead_because() or await ops.kafka.not_ready_because()
                try:
                    now = Looked(await ops.cluster.now(), ops.clock())
                except Unavailable as error:
                    yield "beat", fragment("_overview.html", trouble=error.detail, seen=None)
                else:
                    seen = vitals(now, before, tuple(feeds))
                    if before is not None:
                        rates.append((seen.in_per_second, seen.out_per_second))
                    before = now
                    yield "beat", _shown(seen, rates, trouble)
                await asyncio.sleep(seconds)
        finally:
            gathering.cancel()


def _shown(seen: Vitals, rates: deque[tuple[float, float]], trouble: str | None) -> str:
    top = max((max(pair) for pair in rates), default=0.0)
    return fragment(
        "_overview.html",
        trouble=trouble,
        seen=seen,
        top=max(top, 1.0),
        ins=[pair[0] for pair in rates],
        outs=[pair[1] for pair in rates],
    )
