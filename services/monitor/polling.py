"""Look at the cluster again and again, and remember what was seen last."""

import asyncio
import logging
from collections.abc import Callable

from services.monitor.metrics import ClusterMetrics, LookMetrics
from shared.domain.clock import Clock
from shared.domain.errors import Unavailable
from shared.messaging.admin.cluster import ClusterNow

log = logging.getLogger(__name__)


class Watching:
    """A background task that looks in a thread, since kafka-python blocks."""

    def __init__(
        self,
        look: Callable[[], ClusterNow],
        cluster: ClusterMetrics,
        metrics: LookMetrics,
        *,
        every_seconds: float,
        clock: Clock,
    ) -> None:
        self._look = look
        self._cluster = cluster
        self._metrics = metrics
        self._every_seconds = every_seconds
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self._problem: str | None = "the cluster has not been looked at yet"

    async def look_once(self) -> None:
        """One look; a cluster that is away leaves no old numbers that look like new ones."""
        try:
            self._cluster.now = await asyncio.to_thread(self._look)
        except Unavailable as error:
            self._cluster.now = None
            self._problem = error.detail
            self._metrics.failures.inc()
            log.warning("the cluster could not be looked at: %s", error)
        else:
            self._problem = None
            self._metrics.last_success.set(self._clock().timestamp())

    async def problem(self) -> str | None:
        """Why the latest look was not answered, or None."""
        return self._problem

    def start(self) -> None:
        self._task = asyncio.create_task(self._again_and_again())

    async def _again_and_again(self) -> None:
        while True:
            await self.look_once()
            await asyncio.sleep(self._every_seconds)

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
