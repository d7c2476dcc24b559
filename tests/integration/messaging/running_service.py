"""Run a service that consumes one topic on either path, and wait for its effects."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
import pytest
from prometheus_client import CollectorRegistry

from shared.events import Feedback
from shared.events.wire.record import Record
from shared.messaging.contract import Delivery
from shared.messaging.health import HealthServer
from shared.messaging.service import KafkaService
from tests.integration.cluster import Cluster

TIMEOUT_SECONDS = 90.0
"""A test that waits this long has failed; the limit does not measure speed."""
BOTH_PATHS = pytest.mark.parametrize("path", ["slow", "fast"])
Handler = Callable[[Feedback, Delivery], Awaitable[None]]


async def until(condition: Callable[[], Awaitable[bool] | bool]) -> None:
    """Wait until the condition holds; raises TimeoutError."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while True:
            result = condition()
            if result if isinstance(result, bool) else await result:
                return
            await asyncio.sleep(0.05)


class Handled:
    """A handler that awaits the test's own function, then records the image of the event."""

    def __init__(self, then: Callable[[int], Awaitable[None]] | None = None) -> None:
        self.images: list[int] = []
        self.started: list[int] = []
        self._then = then

    async def __call__(self, event: Feedback, delivery: Delivery) -> None:
        image = int(event.image_id)
        self.started.append(image)
        if self._then is not None:
            await self._then(image)
        self.images.append(image)

    async def until_all(self, numbers: Iterable[int]) -> None:
        wanted = set(numbers)
        await until(lambda: wanted <= set(self.images))


@asynccontextmanager
async def running(
    cluster: Cluster, path: str, handler: Handler, **settings: Any
) -> AsyncIterator[KafkaService]:
    """A service that consumes the topic, for the length of a block."""
    service = KafkaService("tested", cluster.settings(**settings), CollectorRegistry())
    getattr(service, path)(cluster.topic, handler)
    await service.start()
    try:
        yield service
    finally:
        await service.stop()


async def dead_letters(cluster: Cluster) -> list[Record]:
    return await asyncio.to_thread(cluster.read, cluster.dead_letters)


async def committed(cluster: Cluster) -> dict[int, int]:
    return await asyncio.to_thread(cluster.committed)


@asynccontextmanager
async def health_of(service: KafkaService) -> AsyncIterator[Callable[[str], Awaitable[Any]]]:
    """A function that requests `/healthz` or `/readyz`; returns status and problems."""
    async with AsyncExitStack() as stack:
        server = HealthServer(service, CollectorRegistry(), host="127.0.0.1", port=0)
        await server.start()
        stack.push_async_callback(server.stop)
        session = await stack.enter_async_context(aiohttp.ClientSession())

        async def get(page: str) -> tuple[int, list[str]]:
            async with session.get(f"{server.address}/{page}") as response:
                return response.status, (await response.json())["problems"]

        yield get


async def holds(value: Awaitable[Any], condition: Callable[[Any], bool]) -> bool:
    """Whether the condition holds for the awaited value."""
    return condition(await value)
