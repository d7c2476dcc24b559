"""The overview page: system health, updated every two seconds."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.ops.context import Context, OpsContext
from services.ops.pages.overview.system_health import ClusterSnapshot, SystemHealth, system_health
from services.ops.pages.rendering.live_parts import Part, stream
from services.ops.pages.rendering.templates import fragment, render
from shared.client.topic_reader import events_of
from shared.domain.errors import Unavailable
from shared.events import RankedFeed
from shared.events.topics import FEEDS

router = APIRouter()
UPDATE_SECONDS: Final = 2.0
"""Time between two updates of an open page. Each takes Kafka some milliseconds."""
FEEDS_AT_START: Final = 50
"""Latest feeds of each partition that a page starts with."""
MAX_FEEDS: Final = 500
"""Latest feeds over which latencies and statuses are computed."""
SHOWN_UPDATES: Final = 60
"""Updates in the line plot: two minutes."""


@router.get("/")
async def overview(request: Request) -> Response:
    return render(request, "overview/page.html")


@router.get("/live/overview")
async def live(ops: Context) -> Response:
    return stream(ops, updates(ops, seconds=UPDATE_SECONDS))


async def updates(ops: OpsContext, *, seconds: float) -> AsyncIterator[Part]:
    """Yield the live part of the page every `seconds`."""
    feeds: deque[RankedFeed] = deque(maxlen=MAX_FEEDS)
    rates: deque[tuple[float, float]] = deque(maxlen=SHOWN_UPDATES)
    async with ops.kafka.listening(lambda record: record.topic == FEEDS.name) as new_records:

        async def collect() -> None:
            async for _, event in new_records:
                if isinstance(event, RankedFeed):
                    feeds.append(event)

        collecting = asyncio.create_task(collect())
        try:
            with suppress(Unavailable):
                feeds.extend(
                    events_of(
                        await ops.cluster.latest(FEEDS, max_per_partition=FEEDS_AT_START),
                        RankedFeed,
                    )
                )
            before: ClusterSnapshot | None = None
            while True:
                problem = ops.kafka.dead_because() or await ops.kafka.not_ready_because()
                try:
                    now = ClusterSnapshot(await ops.cluster.current_state(), ops.clock())
                except Unavailable as error:
                    yield (
                        "health",
                        fragment("overview/_health.html", problem=error.detail, health=None),
                    )
                else:
                    health = system_health(now, before, tuple(feeds))
                    if before is not None:
                        rates.append((health.in_per_second, health.out_per_second))
                    before = now
                    yield "health", _rendered(health, rates, problem)
                await asyncio.sleep(seconds)
        finally:
            collecting.cancel()


def _rendered(health: SystemHealth, rates: deque[tuple[float, float]], problem: str | None) -> str:
    top = max((max(pair) for pair in rates), default=0.0)
    return fragment(
        "overview/_health.html",
        problem=problem,
        health=health,
        top=max(top, 1.0),
        in_rates=[pair[0] for pair in rates],
        out_rates=[pair[1] for pair in rates],
    )
