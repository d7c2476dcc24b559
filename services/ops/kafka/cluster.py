"""Read cluster state in threads: offsets, consumer lag, and the latest records of a topic."""

import asyncio
import heapq
import time
from collections.abc import Sequence
from typing import Final, Protocol

from shared.events.topics import ALL_TOPICS, Topic
from shared.events.wire.record import Record
from shared.messaging.admin.cluster_state import ClusterState, read_cluster_state
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.read.tail import tail

CACHE_SECONDS: Final = 1.5


class Cluster(Protocol):
    """Read-only access to cluster state for pages. Every method raises `Unavailable`."""

    async def current_state(self) -> ClusterState:
        """Return the state of all our topics and consumer groups."""
        ...

    async def latest(self, topic: Topic, *, max_per_partition: int) -> Sequence[Record]:
        """Return the latest `max_per_partition` records of each partition, oldest first."""
        ...


class KafkaCluster:
    """A `Cluster` on Kafka."""

    def __init__(self, settings: MessagingSettings) -> None:
        self._settings = settings
        self._cached: tuple[float, ClusterState] | None = None
        self._lock = asyncio.Lock()

    async def current_state(self) -> ClusterState:
        """Query Kafka at most once per `CACHE_SECONDS`, however many pages are open."""
        async with self._lock:
            if self._cached is None or time.monotonic() - self._cached[0] > CACHE_SECONDS:
                names = [topic.name for topic in ALL_TOPICS]
                state = await asyncio.to_thread(read_cluster_state, self._settings, names)
                self._cached = (time.monotonic(), state)
            return self._cached[1]

    async def latest(self, topic: Topic, *, max_per_partition: int) -> Sequence[Record]:
        def read() -> list[Record]:
            partitions: dict[int, list[Record]] = {}
            for record in tail(self._settings, topic, max_per_partition=max_per_partition):
                partitions.setdefault(record.partition, []).append(record)
            # A merge keeps the order of each partition, also where a clock was set back.
            return list(heapq.merge(*partitions.values(), key=lambda r: r.timestamp_ms))

        return await asyncio.to_thread(read)
