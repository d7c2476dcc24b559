"""Read the records of one key, from where a reader left off to where their topics end now."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kafka import TopicPartition
from kafka.partitioner.default import murmur2

from shared.domain.errors import Unavailable
from shared.events.topics import Topic
from shared.events.wire.record import Record
from shared.messaging.client.consumer import short_lived_consumer
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.read.drain import as_record

POLL_MS: Final = 200
MOST_SCANNED: Final = 20_000
"""Records of a partition that are looked through for those of one key: some seconds' work."""

MOST_SECONDS: Final = 60.0


@dataclass(frozen=True)
class KeyPlace:
    """Where the records of a key lie in a topic, and from which offset on they are unread."""

    partition: int
    offset: int


Places = Mapping[str, KeyPlace]
"""By topic."""


@dataclass(frozen=True)
class Since:
    """What was written of a key since a reader left off."""

    records: Sequence[Record]
    """Of each topic in its order; topics are mixed by the time of writing."""
    places: Places
    """Where to go on."""
    is_whole: bool
    """Whether it is all: Kafka may have deleted some, or there may be too much to look through."""


def records_since(
    settings: MessagingSettings,
    topics: Sequence[Topic],
    key: bytes,
    since: Places | None,
    *,
    most: int = MOST_SCANNED,
) -> Since:
    """The records of `key`; none where `since` is None, only the places. Raises `Unavailable`.

    All who write these topics place a key as Java's client does.
    """
    with short_lived_consumer(settings) as consumer:
        return _read(consumer, topics, key, since, most)


def partition_of(key: bytes, partitions: Sequence[int]) -> int:
    """The partition that records of a key are written to."""
    hashed: int = murmur2(key)
    return partitions[(hashed & 0x7FFFFFFF) % len(partitions)]


def _read(
    consumer: Any, topics: Sequence[Topic], key: bytes, since: Places | None, most: int
) -> Since:
    where = []
    for topic in topics:
        numbers = sorted(consumer.partitions_for_topic(topic.name) or ())
        if not numbers:
            raise Unavailable("kafka", f"there is no topic {topic.name}")
        where.append(TopicPartition(topic.name, partition_of(key, numbers)))
    consumer.assign(where)
    ends = consumer.end_offsets(where)
    places = {place.topic: KeyPlace(place.partition, ends[place]) for place in where}
    if since is None:
        return Since((), places, is_whole=True)
    begins = consumer.beginning_offsets(where)
    whole = True
    for place in where:
        left = since.get(place.topic)
        known = left is not None and left.partition == place.partition
        start = left.offset if left is not None and known else ends[place]
        first = min(max(start, begins[place], ends[place] - most), ends[place])
        whole = whole and known and first == start
        consumer.seek(place, first)
    found: list[Record] = []
    latest = time.monotonic() + MOST_SECONDS
    while any(consumer.position(place) < end for place, end in ends.items()):
        if time.monotonic() > latest:
            raise Unavailable("kafka", f"what lies under a key did not come in {MOST_SECONDS:g} s")
        for place, records in consumer.poll(timeout_ms=POLL_MS).items():
            found += [as_record(r) for r in records if r.key == key and r.offset < ends[place]]
    found.sort(key=lambda record: (record.timestamp_ms, record.offset))
    return Since(found, places, is_whole=whole)
