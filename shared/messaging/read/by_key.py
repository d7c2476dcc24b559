"""Read the records of one key, from where a reader stopped to where their topics end now."""

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kafka.partitioner.default import murmur2

from shared.domain.errors import Unavailable
from shared.events.topics import Topic
from shared.events.wire.record import Record
from shared.messaging.client.kafka_types import OffsetRange, Partition
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.read.bounded_reader import bounded_reader
from shared.messaging.read.limits import ReadLimits

MAX_SCANNED: Final = 20_000
"""Records of a partition that are searched for those of one key: a few seconds of work."""
LIMITS: Final = ReadLimits(total_seconds=60.0)
"""A browser waits for the result; after a minute it has reconnected."""


@dataclass(frozen=True)
class KeyPosition:
    """The partition that holds the records of a key, and the first offset that is unread."""

    partition: int
    offset: int


KeyPositions = Mapping[str, KeyPosition]
"""By topic."""


@dataclass(frozen=True)
class RecordsSince:
    """The records that were written under a key after a reader stopped."""

    records: Sequence[Record]
    """In the order of each topic; topics are merged by Kafka timestamp."""
    positions: KeyPositions
    """Where the next read continues."""
    is_complete: bool
    """False when Kafka has deleted some of the records, or when there are too many to search."""


def records_since(
    settings: MessagingSettings,
    topics: Sequence[Topic],
    key: bytes,
    since: KeyPositions | None,
    *,
    max_scanned: int = MAX_SCANNED,
) -> RecordsSince:
    """The records of `key` after `since`; with None only the positions. Raises `Unavailable`.

    Producers of these topics must place keys as the Java client does (murmur2).
    """
    with bounded_reader(settings, limits=LIMITS) as reader:
        available = reader.available(topics)
        ranges = {
            partition: available[partition]
            for partition in (_partition_with(key, topic, available) for topic in topics)
        }
        positions = {topic: KeyPosition(n, end) for (topic, n), (_, end) in ranges.items()}
        if since is None:
            return RecordsSince((), positions, is_complete=True)
        unread: dict[Partition, OffsetRange] = {}
        is_complete = True
        for (topic, number), (begin, end) in ranges.items():
            last = since.get(topic)
            is_known = last is not None and last.partition == number
            start = last.offset if last is not None and is_known else end
            first = min(max(start, begin, end - max_scanned), end)
            is_complete = is_complete and is_known and first == start
            unread[topic, number] = (first, end)
        records = [record for record in reader.records(unread) if record.key == key]
        by_topic = [[r for r in records if r.topic == topic.name] for topic in topics]
    # A merge keeps the order of each topic, also where a clock was set back.
    merged = list(heapq.merge(*by_topic, key=lambda record: record.timestamp_ms))
    return RecordsSince(merged, positions, is_complete=is_complete)


def partition_of(key: bytes, numbers: Sequence[int]) -> int:
    """The number of the partition that records of a key are written to."""
    hashed: int = murmur2(key)
    return numbers[(hashed & 0x7FFFFFFF) % len(numbers)]


def _partition_with(
    key: bytes, topic: Topic, available: Mapping[Partition, OffsetRange]
) -> Partition:
    numbers = sorted(number for name, number in available if name == topic.name)
    if not numbers:
        raise Unavailable("kafka", f"there is no topic {topic.name}")
    return topic.name, partition_of(key, numbers)
