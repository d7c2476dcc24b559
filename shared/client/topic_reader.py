"""Read a topic as its records arrive, for a limited time, and decode them to events."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any, Final, TypeVar

from kafka import TopicPartition

from shared.domain.errors import Unavailable, Unprocessable
from shared.events.topics import Topic, topic_named
from shared.events.types.base import Event
from shared.events.wire.codec import decode
from shared.events.wire.record import Record
from shared.messaging.client.connection import Kafka, settings_of
from shared.messaging.client.consumer import short_lived_consumer
from shared.messaging.client.kafka_types import to_record
from shared.messaging.read.limits import READ_LIMITS

POLL_MS: Final = 200
EventT = TypeVar("EventT", bound=Event)


class TopicReader:
    """Reads all partitions of one topic, and waits for new records."""

    def __init__(self, consumer: Any) -> None:
        self._consumer = consumer

    def records(self, *, until: Callable[[], bool]) -> Iterator[Record]:
        """Every record that arrives until `until()` returns True."""
        while not until():
            for records in self._consumer.poll(timeout_ms=POLL_MS).values():
                yield from (to_record(raw) for raw in records)

    def records_for(self, *, seconds: float) -> Iterator[Record]:
        """Every record that arrives within this time."""
        deadline = monotonic() + seconds
        return self.records(until=lambda: monotonic() >= deadline)


@contextmanager
def topic_reader(
    kafka: Kafka, topic: Topic, *, from_beginning: bool = False
) -> Iterator[TopicReader]:
    """A reader for the length of a block, from the topic's end as it is now, or its beginning.

    Raises `Unavailable` when Kafka does not answer or has no such topic.
    """
    settings = settings_of(kafka)
    with short_lived_consumer(settings, timeout_seconds=READ_LIMITS.stall_seconds) as consumer:
        numbers = sorted(consumer.partitions_for_topic(topic.name) or ())
        if not numbers:
            raise Unavailable(
                "kafka", f"{settings.kafka_bootstrap_servers} has no topic {topic.name}"
            )
        partitions = [TopicPartition(topic.name, number) for number in numbers]
        consumer.assign(partitions)
        # Explicit offsets: `seek_to_end` is lazy and skips what arrives before the first poll.
        starts = consumer.beginning_offsets if from_beginning else consumer.end_offsets
        for partition, offset in starts(partitions).items():
            consumer.seek(partition, offset)
        yield TopicReader(consumer)


def events_of(records: Iterable[Record], kind: type[EventT]) -> Iterator[EventT]:
    """The events of one type among records; skips tombstones and undecodable records."""
    for record in records:
        if record.value is None:
            continue
        try:
            event = decode(topic_named(record.topic), record)
        except Unprocessable:
            continue
        if isinstance(event, kind):
            yield event
