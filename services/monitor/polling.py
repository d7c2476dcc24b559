"""Poll the state of the cluster at an interval, and keep the latest state."""

import asyncio
import logging
from collections.abc import Callable

from services.monitor.metrics import ClusterMetrics, PollMetrics
from shared.domain.clock import Clock
from shared.domain.errors import Unavailable
from shared.messaging.admin.cluster_state import ClusterState

log = logging.getLogger(__name__)


class ClusterPoller:
    """A background task that reads the cluster state in a thread, since kafka-python blocks."""

    def __init__(
        self,
        read_state: Callable[[], ClusterState],
        cluster: ClusterMetrics,
        metrics: PollMetrics,
        *,
        interval_seconds: float,
        clock: Clock,
    ) -> None:
        self._read_state = read_state
        self._cluster = cluster
        self._metrics = metrics
        self._interval_seconds = interval_seconds
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self._problem: str | None = "the cluster has not been polled yet"

    async def poll(self) -> None:
        """Read the state once; when that fails, the old state is removed and the error counted."""
        try:
            self._cluster.state = await asyncio.to_thread(self._read_state)
        except Unavailable as error:
            self._failed(error.detail)
            log.warning("the cluster state could not be read: %s", error)
        except Exception as error:  # the poller must not end while its last state is reported
            self._failed(f"the poll of the cluster failed with {type(error).__name__}: {error}")
            log.exception("the cluster state could not be read")
        else:
            self._problem = None
            self._metrics.last_success.set(self._clock().timestamp())

    def _failed(self, problem: str) -> None:
        self._cluster.state = None
        self._problem = problem
        self._metrics.failures.inc()

    async def problem(self) -> str | None:
        """Why the latest poll failed, or None."""
        return self._problem

    def start(self) -> None:
        self._task = asyncio.create_task(self._poll_regularly())

    async def _poll_regularly(self) -> None:
        while True:
            await self.poll()
            await asyncio.sleep(self._interval_seconds)

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
