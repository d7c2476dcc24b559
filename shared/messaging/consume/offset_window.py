"""Keep N events in work at once, and commit only what is done without a gap before it.

A batch with one commit is a barrier: it left simulated model slots 31 % busy where a sliding
window kept them 97 % busy. Offsets are committed explicitly, for partitions that are still ours.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection
from typing import Any

from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from shared.events.wire.record import Record
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.consume.offsets import PartitionOffsets, Slot

log = logging.getLogger(__name__)
SPAN_LOOK_SECONDS = 0.05
"""How often a consumer that waits for the oldest event looks again."""


class OffsetWindow(ConsumerRebalanceListener):  # type: ignore[misc]  # untyped base
    """The events in work of one consumer, which it listens to for partitions that come and go."""

    def __init__(
        self, settings: MessagingSettings, *, on_failure: Callable[[BaseException], None]
    ) -> None:
        self._settings = settings
        self._on_failure = on_failure
        self._free = asyncio.Semaphore(settings.events_in_flight)
        self._partitions: dict[TopicPartition, PartitionOffsets] = {}
        self._committed: dict[TopicPartition, int] = {}
        self._tasks: dict[asyncio.Task[None], TopicPartition] = {}
        self._consumer: Any = None
        self._committer: asyncio.Task[None] | None = None
        self._commit_lock = asyncio.Lock()
        self._closing = False
        self._revocations = 0
        self.joined = False
        """Whether the group has given us our share, which may be empty."""

    async def submit(
        self, record: Record, consumer: Any, work: Callable[[Record], Awaitable[None]]
    ) -> None:
        """Start `work`, waiting while the window is full; returns before it has finished."""
        self._consumer = consumer
        if self._committer is None:
            self._committer = asyncio.create_task(self._commit_regularly())
        partition = TopicPartition(record.topic, record.partition)
        revocations = self._revocations
        await self._free.acquire()
        slot = await self._slot(partition, record, revocations)
        if slot is None:
            self._free.release()
            return
        offsets = self._partitions[partition]
        task = asyncio.create_task(self._run(offsets, slot, record, work))
        self._tasks[task] = partition
        task.add_done_callback(lambda done: self._tasks.pop(done, None))

    async def _slot(
        self, partition: TopicPartition, record: Record, revocations: int
    ) -> Slot | None:
        """A place for the record; None when it is not ours (any more) or is in work already.

        One that waited while its partition went and came back is left to its redelivery: taken
        now, it would stand before unfinished events of lower offsets, and be committed over them.
        """
        while True:
            if self._closing or revocations != self._revocations:
                return None
            if partition not in self._consumer.assignment():
                return None
            offsets = self._partitions.setdefault(partition, PartitionOffsets())
            if offsets.span_with(record.offset) < self._settings.events_span:
                return offsets.open(record.offset, now=time.monotonic())
            await asyncio.sleep(SPAN_LOOK_SECONDS)

    async def _run(
        self,
        offsets: PartitionOffsets,
        slot: Slot,
        record: Record,
        work: Callable[[Record], Awaitable[None]],
    ) -> None:
        try:
            await work(record)
            # A partition that went and came back has a new PartitionOffsets; this one is then
            # nobody's, and closing the slot commits nothing.
            offsets.done(slot)
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            log.critical("%s holds its partition: %s", record.source, error)
            self._on_failure(error)
        finally:
            self._free.release()

    @property
    def in_flight(self) -> int:
        return len(self._tasks)

    def oldest_age(self, now: float) -> float:
        """Seconds that the oldest event has been in work; 0 without any."""
        opened = [o.oldest_opened_at for o in self._partitions.values()]
        return max((now - at for at in opened if at is not None), default=0.0)

    def delivered(self) -> dict[TopicPartition, int]:
        """The next offset that each partition would deliver, where it has delivered any."""
        return {p: o.newest + 1 for p, o in self._partitions.items() if o.newest >= 0}

    async def commit(self) -> None:
        """Tell Kafka how far each partition of ours is done without a gap."""
        if self._consumer is None:
            return
        async with self._commit_lock:
            ours = self._consumer.assignment()
            heads = {
                partition: offsets.next_offset
                for partition, offsets in self._partitions.items()
                if partition in ours
                and offsets.next_offset is not None
                and self._committed.get(partition) != offsets.next_offset
            }
            if not heads:
                return
            try:
                await self._consumer.commit(heads)
                self._committed.update(heads)
            except (CommitFailedError, IllegalStateError, KafkaError) as error:
                # Not lost: the next commit says it again, or the next owner repeats the events.
                log.warning("commit put off: %r", error)

    async def _commit_regularly(self) -> None:
        while True:
            await asyncio.sleep(self._settings.commit_seconds)
            await self.commit()

    async def drain(self, partitions: Collection[TopicPartition] | None = None) -> None:
        """Let work in flight finish, commit it, and give up what does not finish in time."""
        tasks = [t for t, p in self._tasks.items() if partitions is None or p in partitions]
        if tasks:
            await asyncio.wait(tasks, timeout=self._settings.drain_seconds)
        await self.commit()
        unfinished = [task for task in tasks if not task.done()]
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        self.joined = False
        self._revocations += 1
        await self.drain(revoked)
        self._forget(revoked)

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        self._forget(assigned)
        self.joined = True

    def _forget(self, partitions: Collection[TopicPartition]) -> None:
        for partition in partitions:
            self._partitions.pop(partition, None)
            self._committed.pop(partition, None)

    async def close(self) -> None:
        """Take nothing more in, finish what is in work, commit it."""
        self._closing = True
        await self.drain()
        if self._committer is not None:
            self._committer.cancel()
