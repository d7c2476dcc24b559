"""Keep N events in flight, and commit each partition up to its first unfinished event.

A batch with one commit is a barrier: in a simulation the model slots were 31 % busy with batches
and 97 % busy with a sliding window. Offsets are committed explicitly, and only for partitions that
are still assigned to this consumer.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from shared.events.wire.record import Record
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.consume.in_flight_limits import InFlightLimits
from shared.messaging.consume.offsets import PartitionOffsets, Slot

log = logging.getLogger(__name__)
SPAN_POLL_SECONDS = 0.05
"""Interval of the check whether the oldest event is done, while the span is at its limit."""


class OffsetWindow(ConsumerRebalanceListener):  # type: ignore[misc]  # untyped base
    """The events in flight of one consumer; also the listener of its rebalances.

    `in_flight` replaces the number of the settings, for events that mostly wait.
    """

    def __init__(
        self,
        settings: MessagingSettings,
        *,
        on_failure: Callable[[BaseException], None],
        in_flight: int | None = None,
    ) -> None:
        self._settings = settings
        self._on_failure = on_failure
        max_events = settings.events_in_flight if in_flight is None else in_flight
        # With a shorter span, the events of one partition could not be in flight together.
        self._span = max(settings.events_span, max_events)
        self._limits = InFlightLimits(
            max_events=max_events, max_bytes=settings.events_in_flight_bytes
        )
        self._partitions: dict[TopicPartition, PartitionOffsets] = {}
        self._committed: dict[TopicPartition, int] = {}
        self._tasks: dict[asyncio.Task[None], TopicPartition] = {}
        self._consumer: Any = None
        self._committer: asyncio.Task[None] | None = None
        self._commit_lock = asyncio.Lock()
        self._closing = False
        self._revocations = 0
        self.waiting = 0
        """Records that wait for a place."""
        self.joined = False
        """Whether the group has assigned partitions to this consumer, perhaps none."""

    async def submit(
        self, record: Record, consumer: Any, work: Callable[[Record], Awaitable[None]]
    ) -> None:
        """Start `work`, after waiting for a free slot; returns before the work has finished."""
        self._consumer = consumer
        self._start_committer()
        partition = TopicPartition(record.topic, record.partition)
        revocations = self._revocations
        size = len(record.value or b"")
        slot: Slot | None = None
        self.waiting += 1
        try:
            await self._limits.acquire(size)
        finally:
            self.waiting -= 1
        try:
            slot = await self._slot(partition, record, revocations)
        finally:
            if slot is None:
                self._limits.release(size)
        if slot is None:
            return
        offsets = self._partitions[partition]
        task = asyncio.create_task(self._run(offsets, slot, record, work))
        self._tasks[task] = partition
        task.add_done_callback(lambda done: self._tasks.pop(done, None))

    async def _slot(
        self, partition: TopicPartition, record: Record, revocations: int
    ) -> Slot | None:
        """A slot for the record; None if its partition is not assigned or it is in flight already.

        A record that waited while its partition was revoked and assigned again is skipped here and
        redelivered later: if it were accepted now, its commit would pass over unfinished events
        with lower offsets.
        """
        while True:
            if self._closing or revocations != self._revocations:
                return None
            if partition not in self._consumer.assignment():
                return None
            offsets = self._partitions.setdefault(partition, PartitionOffsets())
            if offsets.span_with(record.offset) < self._span:
                return offsets.open(record.offset, now=time.monotonic())
            await asyncio.sleep(SPAN_POLL_SECONDS)

    async def _run(
        self,
        offsets: PartitionOffsets,
        slot: Slot,
        record: Record,
        work: Callable[[Record], Awaitable[None]],
    ) -> None:
        try:
            await work(record)
            # After a revocation the partition has a new PartitionOffsets; then this one is unused,
            # and closing its slot commits nothing.
            offsets.done(slot)
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            log.critical("%s blocks its partition: %s", record.source, error)
            self._on_failure(error)
        finally:
            self._limits.release(len(record.value or b""))

    @property
    def in_flight(self) -> int:
        return len(self._tasks)

    def oldest_age(self, now: float) -> float:
        """Seconds since the oldest event in flight was accepted; 0 without any."""
        opened = [o.oldest_opened_at for o in self._partitions.values()]
        return max((now - at for at in opened if at is not None), default=0.0)

    def newest_done(self, partition: TopicPartition) -> int | None:
        """The newest offset of a partition if it and all before it are done, otherwise None."""
        offsets = self._partitions.get(partition)
        return offsets.newest_done if offsets else None

    def pass_offsets(self, consumer: Any, positions: Mapping[TopicPartition, int]) -> None:
        """Commit these positions with the next commit: no record before them is unfinished."""
        self._consumer = consumer
        for partition, position in positions.items():
            self._partitions.setdefault(partition, PartitionOffsets()).pass_to(position)
        self._start_committer()

    async def commit(self) -> None:
        """Commit the first unfinished offset of each assigned partition, where it has changed."""
        if self._consumer is None:
            return
        async with self._commit_lock:
            assigned = self._consumer.assignment()
            heads = {
                partition: offsets.next_offset
                for partition, offsets in self._partitions.items()
                if partition in assigned
                and offsets.next_offset is not None
                and self._committed.get(partition) != offsets.next_offset
            }
            if not heads:
                return
            try:
                await self._consumer.commit(heads)
                self._committed.update(heads)
            except (CommitFailedError, IllegalStateError, KafkaError) as error:
                # Nothing is lost: the next commit includes it, or the next owner repeats events.
                log.warning("the commit failed and is repeated with the next one: %r", error)

    def _start_committer(self) -> None:
        if self._committer is None and not self._closing:
            self._committer = asyncio.create_task(self._commit_regularly())

    async def _commit_regularly(self) -> None:
        while True:
            await asyncio.sleep(self._settings.commit_seconds)
            await self.commit()

    async def drain(self, partitions: Collection[TopicPartition] | None = None) -> None:
        """Wait for events in flight, commit them, and cancel those that do not finish in time."""
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
        """Accept no more records, finish the events in flight, and commit them."""
        self._closing = True
        await self.drain()
        if self._committer is not None:
            self._committer.cancel()
