"""Look at Kafka itself, in threads: how far everything is, and the latest records of a topic."""

import asyncio
import time
from collections.abc import Sequence
from typing import Final, Protocol

from shared.events.topics import DEAD_LETTERS, TOPICS, Topic
from shared.events.wire.record import Record
from shared.messaging.admin.cluster import ClusterNow, look
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.read.tail import tail

FRESH_SECONDS: Final = 1.5


class Cluster(Protocol):
    """What pages ask of Kafka beside sending and hearing; all of it raises `Unavailable`."""

    async def now(self) -> ClusterNow:
        """Every topic of ours, and every group."""
        ...

    async def latest(self, topic: Topic, *, most: int) -> Sequence[Record]:
        """At most `most` of the latest records of each partition, oldest first."""
        ...


class KafkaCluster:
    """A `Cluster` on a real one."""

    def __init__(self, settings: MessagingSettings) -> None:
        self._settings = settings
        self._seen: tuple[float, ClusterNow] | None = None
        self._one_at_a_time = asyncio.Lock()

    async def now(self) -> ClusterNow:
        """However many pages look, Kafka is asked once a moment."""
        async with self._one_at_a_time:
            if self._seen is None or time.monotonic() - self._seen[0] > FRESH_SECONDS:
                names = [topic.name for topic in (*TOPICS, *DEAD_LETTERS)]
                seen = await asyncio.to_thread(look, self._settings, names)
                self._seen = (time.monotonic(), seen)
            return self._seen[1]

    async def latest(self, topic: Topic, *, most: int) -> Sequence[Record]:
        def read() -> list[Record]:
            return sorted(tail(self._settings, topic, most=most), key=lambda r: r.timestamp_ms)

        return await asyncio.to_thread(read)
