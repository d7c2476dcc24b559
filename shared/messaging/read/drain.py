"""Read a topic from where its reader left off to where it ends now, in batches, and stop."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kafka import TopicPartition
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

from shared.domain.errors import Unavailable
from shared.events.topics import Topic
from shared.events.wire.record import Record
from shared.messaging.client.consumer import short_lived_consumer
from shared.messaging.client.settings import MessagingSettings

log = logging.getLogger(__name__)
POLL_MS = 200
STALLED_SECONDS = 60.0
"""Without any progress for so long Kafka is away; a poll that gets nothing says no more."""


class TopicMadeAnew(Exception):
    """The reader has read further than the topic goes: it was deleted and created again."""


@dataclass(frozen=True)
class Bounds:
    """How large a batch may become; one record may still be larger."""

    records: int
    bytes: int


@dataclass(frozen=True)
class Batch:
    """Records in the order of their partitions, and where each partition goes on."""

    records: tuple[Record, ...]
    next_offsets: Mapping[int, int]
    """By partition, of those that moved: the first offset not in this or earlier batches."""
    lost: int = 0
    """Records that Kafka had deleted before they were read."""
    left: int = 0
    """Records between this batch and the end."""


def drain(
    settings: MessagingSettings,
    topic: Topic,
    *,
    group: str,
    start_of: Callable[[int], int | None],
    bounds: Bounds,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Batch]:
    """Batches up to the end offsets as they are now; an empty topic has none.

    `start_of` says where the reader goes on in a partition, None at the beginning: the reader's
    own memory is the truth. When a batch is asked for, the one before it is taken to be safe, and
    its offsets are committed to `group`, which only tells others how far we are. When `stop` says
    so, it ends early; what is not yet in a batch stays for the next time.
    Raises `Unavailable` and `TopicMadeAnew`.
    """
    with short_lived_consumer(settings, group=group) as consumer:
        numbers = sorted(consumer.partitions_for_topic(topic.name) or ())
        partitions = [TopicPartition(topic.name, number) for number in numbers]
        consumer.assign(partitions)
        ends = consumer.end_offsets(partitions)
        begins = consumer.beginning_offsets(partitions)
        lost = 0
        for partition in partitions:
            start = start_of(partition.partition)
            lost += _seek(consumer, partition, start, begins[partition], ends[partition])
        for batch in _batches(consumer, ends, bounds, lost, stop):
            yield batch
            _commit(consumer, topic, batch)


def _seek(consumer: Any, partition: TopicPartition, start: int | None, begin: int, end: int) -> int:
    """Go to the reader's place; how many records were deleted before it came to them."""
    if start is not None and start > end:
        raise TopicMadeAnew(
            f"{partition.topic}/{partition.partition} was read up to offset {start}, but ends at"
            f" {end}: the topic was deleted and created again. What was read of the old topic"
            " stays; move it away, and the new topic is read from its beginning"
        )
    consumer.seek(partition, max(start if start is not None else begin, begin))
    return max(begin - start, 0) if start is not None else 0


def _batches(
    consumer: Any,
    ends: Mapping[TopicPartition, int],
    bounds: Bounds,
    lost: int,
    stop: Callable[[], bool],
) -> Iterator[Batch]:
    gathered: list[Record] = []
    size = 0
    told = {partition: consumer.position(partition) for partition in ends}
    moved_at = time.monotonic()
    live = {partition for partition, end in ends.items() if told[partition] < end}
    while live and not stop():
        polled = consumer.poll(timeout_ms=POLL_MS, max_records=bounds.records - len(gathered))
        for partition, records in polled.items():
            inside = [as_record(r) for r in records if r.offset < ends[partition]]
            gathered += inside
            size += sum(len(r.value or b"") for r in inside)
        # By position, not by the last record seen: a compacted topic may end in a gap.
        now = {partition: consumer.position(partition) for partition in ends}
        if polled or any(now[p] >= ends[p] for p in live):
            moved_at = time.monotonic()
        elif time.monotonic() - moved_at > STALLED_SECONDS:
            raise Unavailable("kafka", f"nothing came of {len(live)} partitions; is Kafka up?")
        done = {partition for partition in live if now[partition] >= ends[partition]}
        for partition in done:
            consumer.pause(partition)
        live -= done
        if len(gathered) >= bounds.records or size >= bounds.bytes or not live:
            reached = {p: min(at, ends[p]) for p, at in now.items()}
            yield Batch(
                records=tuple(gathered),
                next_offsets={p.partition: at for p, at in reached.items() if at > told[p]},
                lost=lost,
                left=sum(ends[p] - at for p, at in reached.items()),
            )
            told, gathered, size, lost = reached, [], 0, 0
            moved_at = time.monotonic()


def _commit(consumer: Any, topic: Topic, batch: Batch) -> None:
    offsets = {
        TopicPartition(topic.name, number): OffsetAndMetadata(offset, "", -1)
        for number, offset in batch.next_offsets.items()
    }
    try:
        consumer.commit(offsets)
    except KafkaError as error:
        # Nothing hangs on it: the reader's own memory says where to go on.
        log.warning("the progress on %s was not told to Kafka: %r", topic.name, error)


def as_record(found: Any) -> Record:
    """A record of kafka-python as ours."""
    return Record(
        topic=found.topic,
        partition=found.partition,
        offset=found.offset,
        timestamp_ms=found.timestamp,
        key=found.key,
        value=found.value,
        headers=tuple(found.headers or ()),
    )
