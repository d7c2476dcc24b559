"""Read offset ranges of partitions in batches; stop at their ends, or fail at a time limit."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from kafka import TopicPartition
from kafka.errors import MetadataEmptyBrokerList

from shared.domain.errors import Unavailable
from shared.events.topics import Topic
from shared.events.wire.record import Record
from shared.messaging.batches.kafka_python_batch import CHECK_REPLICAS, UnreadablePartition
from shared.messaging.client.consumer import short_lived_consumer
from shared.messaging.client.kafka_types import OffsetRange, Partition, to_record
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.read.limits import READ_LIMITS, ReadLimits, ReadTimer

log = logging.getLogger(__name__)
POLL_MS: Final = 200
"""Longest wait of one poll; `stop` and the time limits are checked after each poll."""
NO_BROKER_SECONDS: Final = 0.2
"""Wait before the next question, while Kafka answers but names no broker."""


@dataclass(frozen=True)
class BatchSize:
    """A batch ends when it reaches one of these; its last record may exceed the bytes."""

    records: int
    bytes: int


ONE_FETCH: Final = BatchSize(records=500, bytes=16_000_000)
"""Few enough to keep in memory, many enough that polls cost nothing."""


@dataclass(frozen=True)
class RangeBatch:
    """Consecutive records of the ranges, in the order of each partition."""

    records: tuple[Record, ...]
    positions: Mapping[Partition, int]
    """By partition: the first offset that is in no batch yet."""


class BoundedReader:
    """Reads offset ranges with one kafka-python consumer; it commits nothing.

    A range is read when the consumer's position reaches its end, whatever records were seen: a
    compacted topic and a transaction leave offsets without records. A part of a batch that cannot
    be read is one unreadable record. A partition whose next batch has a wrong checksum is left out:
    the others are read to their ends, and then the read fails.
    """

    def __init__(
        self,
        consumer: Any,
        *,
        address: str,
        limits: ReadLimits = READ_LIMITS,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._consumer = consumer
        self._address = address
        self._limits = limits
        self._monotonic = monotonic
        self._sleep = sleep
        self.unreadable: list[str] = []
        """One sentence for each partition that was left out of a read."""

    def available(self, topics: Sequence[Topic]) -> dict[Partition, OffsetRange]:
        """The offsets that each partition holds now; a topic that does not exist has none.

        A Kafka that has just come back names no broker until its controller knows it again. The
        question is repeated then, as long as a read may stall. Raises `Unavailable` after it.
        """
        give_up_at = self._monotonic() + self._limits.stall_seconds
        while True:
            try:
                return self._available_now(topics)
            except MetadataEmptyBrokerList as error:
                if self._monotonic() >= give_up_at:
                    raise Unavailable(
                        "kafka",
                        f"{self._address} names no broker within {self._limits.stall_seconds:g} s."
                        " Check that its controller runs and knows the broker",
                    ) from error
                self._sleep(NO_BROKER_SECONDS)

    def _available_now(self, topics: Sequence[Topic]) -> dict[Partition, OffsetRange]:
        partitions = [
            TopicPartition(topic.name, number)
            for topic in topics
            for number in sorted(self._consumer.partitions_for_topic(topic.name) or ())
        ]
        if not partitions:
            return {}
        begins = self._consumer.beginning_offsets(partitions)
        ends = self._consumer.end_offsets(partitions)
        return {(p.topic, p.partition): (begins[p], ends[p]) for p in partitions}

    def records(
        self, ranges: Mapping[Partition, OffsetRange], *, all_partitions: bool = True
    ) -> Iterator[Record]:
        """The records that Kafka still holds of these ranges; raises `Unavailable`.

        Without `all_partitions` a partition that cannot be read is only logged.
        """
        for batch in self.batches(ranges, all_partitions=all_partitions):
            yield from batch.records

    def batches(
        self,
        ranges: Mapping[Partition, OffsetRange],
        *,
        size: BatchSize = ONE_FETCH,
        stop: Callable[[], bool] = lambda: False,
        all_partitions: bool = True,
    ) -> Iterator[RangeBatch]:
        """The records in batches; raises `Unavailable`.

        When `stop` returns True the read ends early and drops a batch that is not full.
        """
        ends = {partition: end for partition, (_, end) in ranges.items()}
        positions = {partition: start for partition, (start, _) in ranges.items()}
        unfinished = {partition for partition in ranges if positions[partition] < ends[partition]}
        if not unfinished:
            return
        self._seek({partition: positions[partition] for partition in unfinished})
        records: list[Record] = []
        value_bytes = 0
        unreadable_before = len(self.unreadable)
        timer = ReadTimer(self._limits, address=self._address, monotonic=self._monotonic)
        while unfinished and not stop():
            new: list[Record] = []
            left_out: set[Partition] = set()
            try:
                new = self._poll(ends, most=size.records - len(records))
            except UnreadablePartition as error:
                log.error("%s", error)
                self.unreadable.append(str(error))
                left_out = {error.partition}
            records += new
            value_bytes += sum(len(record.value or b"") for record in new)
            before = dict(positions)
            self._update(positions, unfinished, ends)
            if new or positions != before:
                timer.progressed()
            finished = {p for p in unfinished if positions[p] >= ends[p]} | left_out
            unfinished -= finished
            if finished and unfinished:
                # Not paused: kafka-python 3.0.12 keeps what it has fetched of a paused partition,
                # and may never fetch that one again after it is resumed.
                self._consumer.assign([TopicPartition(*partition) for partition in unfinished])
            full = len(records) >= size.records or value_bytes >= size.bytes
            if full or not unfinished:
                batch = RangeBatch(tuple(records), dict(positions))
                records, value_bytes = [], 0
                with timer.paused():
                    yield batch
            if unfinished:
                timer.check({p: (positions[p], ends[p]) for p in unfinished})
        unreadable = self.unreadable[unreadable_before:]
        if unreadable and all_partitions:
            raise Unavailable("kafka", "; ".join(unreadable) + CHECK_REPLICAS)

    def _seek(self, positions: Mapping[Partition, int]) -> None:
        self._consumer.assign([TopicPartition(*partition) for partition in positions])
        for partition, offset in positions.items():
            self._consumer.seek(TopicPartition(*partition), offset)

    def _poll(self, ends: Mapping[Partition, int], *, most: int) -> list[Record]:
        polled = self._consumer.poll(timeout_ms=POLL_MS, max_records=most)
        return [
            to_record(raw)
            for raws in polled.values()
            for raw in raws
            if raw.offset < ends[raw.topic, raw.partition]
        ]

    def _update(
        self,
        positions: dict[Partition, int],
        unfinished: set[Partition],
        ends: Mapping[Partition, int],
    ) -> None:
        for partition in unfinished:
            # None while the client looks for the beginning, which retention has just moved.
            position = self._consumer.position(TopicPartition(*partition), timeout_ms=POLL_MS)
            if position is not None:
                positions[partition] = min(position, ends[partition])


@contextmanager
def bounded_reader(
    settings: MessagingSettings, *, limits: ReadLimits = READ_LIMITS
) -> Iterator[BoundedReader]:
    """A connection for the length of a block; raises `Unavailable`."""
    with short_lived_consumer(settings, timeout_seconds=limits.stall_seconds) as consumer:
        yield BoundedReader(consumer, address=settings.kafka_bootstrap_servers, limits=limits)
