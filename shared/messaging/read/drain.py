"""Read a topic in batches, from where its reader stopped to where it ends now, and commit."""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kafka import TopicPartition
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

from shared.events.topics import Topic
from shared.events.wire.record import Record
from shared.messaging.client.consumer import short_lived_consumer
from shared.messaging.client.kafka_types import OffsetRange, Partition
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.read.bounded_reader import BatchSize, BoundedReader, bounded_reader
from shared.messaging.read.limits import LONG_READ_LIMITS, ReadLimits

log = logging.getLogger(__name__)


class TopicRecreated(Exception):
    """The reader has read beyond the topic's end: the topic was deleted and created again."""


@dataclass(frozen=True)
class Batch:
    """Records in the order of their partitions, and where each partition continues."""

    records: tuple[Record, ...]
    next_offsets: Mapping[int, int]
    """By partition, of those that advanced: the first offset not in this or earlier batches."""
    lost: int = 0
    """Records that Kafka deleted before they were read; reported with the first batch."""
    remaining: int = 0
    """Offsets between this batch and the end."""


def drain(
    settings: MessagingSettings,
    topic: Topic,
    *,
    group: str,
    start_of: Callable[[int], int | None],
    size: BatchSize,
    stop: Callable[[], bool] = lambda: False,
    limits: ReadLimits = LONG_READ_LIMITS,
) -> Iterator[Batch]:
    """Batches up to the end offsets, which are taken once; an empty topic has no batch.

    `start_of` returns the offset at which a partition continues, None for its beginning: the
    reader's own storage is the truth. When the next batch is requested, the one before it counts
    as durable, and its offsets are committed to `group`, which only makes the progress visible.
    When `stop` returns True the read ends early; records that are in no batch yet stay for the
    next read. Raises `Unavailable` and `TopicRecreated`.
    """
    with short_lived_consumer(
        settings, timeout_seconds=limits.stall_seconds, group=group
    ) as consumer:
        reader = BoundedReader(consumer, address=settings.kafka_bootstrap_servers, limits=limits)
        ranges: dict[Partition, OffsetRange] = {}
        lost = 0
        for partition, (begin, end) in reader.available([topic]).items():
            start = start_of(partition[1])
            if start is not None and start > end:
                _ensure_same_topic(settings, topic, partition, start)
            ranges[partition] = (max(begin if start is None else start, begin), end)
            lost += 0 if start is None else max(begin - start, 0)
        before = {partition: start for partition, (start, _) in ranges.items()}
        for batch in reader.batches(ranges, size=size, stop=stop):
            now = batch.positions
            next_offsets = {p[1]: offset for p, offset in now.items() if offset > before[p]}
            remaining = sum(max(end - now[p], 0) for p, (_, end) in ranges.items())
            yield Batch(batch.records, next_offsets, lost=lost, remaining=remaining)
            _commit(consumer, topic, next_offsets)
            before, lost = dict(now), 0


def _ensure_same_topic(
    settings: MessagingSettings, topic: Topic, partition: Partition, start: int
) -> None:
    """Raise `TopicRecreated` when the topic ends before `start`.

    With `read_committed` an open transaction ends it earlier, also behind records that were read
    with `read_uncommitted`; those offsets still exist.
    """
    uncommitted = settings.model_copy(update={"kafka_isolation_level": "read_uncommitted"})
    with bounded_reader(uncommitted) as reader:
        _, end = reader.available([topic])[partition]
    if start > end:
        raise TopicRecreated(
            f"{topic.name}/{partition[1]} was read up to offset {start}, but it ends at {end}: the"
            " topic was deleted and created again. The records of the old topic are kept; rename"
            " their table, and the new topic is read from its beginning"
        )


def _commit(consumer: Any, topic: Topic, next_offsets: Mapping[int, int]) -> None:
    offsets = {
        TopicPartition(topic.name, number): OffsetAndMetadata(offset, "", -1)
        for number, offset in next_offsets.items()
    }
    try:
        consumer.commit(offsets)
    except KafkaError as error:
        # Nothing depends on it: the reader's own storage has the offsets.
        log.warning("Kafka did not commit the progress on %s: %r", topic.name, error)
