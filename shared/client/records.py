"""Send records and read topics with kafka-python: every call has an end."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import Any, TypeVar

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError

from shared.domain.errors import Unavailable, Unprocessable
from shared.events.topics import MAX_RECORD_BYTES, Topic, topic_named
from shared.events.types.base import Event
from shared.events.wire.codec import decode, encode
from shared.events.wire.record import Outgoing, Record
from shared.messaging.client.connection import Kafka, connection, settings_of

SEND_TIMEOUT_SECONDS = 30.0
"""Longer than a broker's restart, shorter than a person's patience."""
POLL_MILLISECONDS = 200
EventT = TypeVar("EventT", bound=Event)


def send(bootstrap: Kafka, events: Iterable[Event]) -> None:
    """Publish events; returns when Kafka has acknowledged every one."""
    send_raw(bootstrap, [encode(event) for event in events])


def send_raw(bootstrap: Kafka, outgoing: Sequence[Outgoing]) -> None:
    """Publish records as they are, well formed or not; returns when all are acknowledged."""
    sender = Sender(bootstrap)
    try:
        sender.send_raw(outgoing)
    finally:
        sender.close()


class Sender:
    """One connection that publishes; it is opened when the first record is sent."""

    def __init__(self, bootstrap: Kafka) -> None:
        self._bootstrap = bootstrap
        self._producer: Any = None

    def send(self, events: Iterable[Event]) -> None:
        self.send_raw([encode(event) for event in events])

    def send_raw(self, outgoing: Sequence[Outgoing]) -> None:
        """Publish records; returns when all are acknowledged, raises `Unavailable` otherwise."""
        try:
            if self._producer is None:
                self._producer = _producer(self._bootstrap)
            sent = [
                self._producer.send(o.topic, key=o.key, value=o.value, headers=list(o.headers))
                for o in outgoing
            ]
            for future in sent:
                future.get(timeout=SEND_TIMEOUT_SECONDS)
        except KafkaError as error:
            detail = f"{settings_of(self._bootstrap).kafka} did not take the events: {error}"
            raise Unavailable("kafka", detail) from error

    def close(self) -> None:
        if self._producer is not None:
            self._producer.close(timeout=SEND_TIMEOUT_SECONDS)
            self._producer = None


def _producer(bootstrap: Kafka) -> Any:
    return KafkaProducer(
        **connection(settings_of(bootstrap)),
        acks="all",
        max_request_size=MAX_RECORD_BYTES,
        allow_auto_create_topics=False,
        max_block_ms=int(SEND_TIMEOUT_SECONDS * 1000),
    )


class TopicReader:
    """Reads one topic from where it stood when the reader was made, or from its beginning."""

    def __init__(self, bootstrap: Kafka, topic: Topic, *, from_beginning: bool = False) -> None:
        self._topic = topic
        address = settings_of(bootstrap).kafka
        try:
            self._consumer: Any = KafkaConsumer(
                **connection(settings_of(bootstrap)),
                group_id=None,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                fetch_max_bytes=MAX_RECORD_BYTES * 4,
                max_partition_fetch_bytes=MAX_RECORD_BYTES,
            )
            numbers = self._consumer.partitions_for_topic(topic.name) or ()
            self._partitions = [TopicPartition(topic.name, number) for number in sorted(numbers)]
            if not self._partitions:
                raise Unavailable("kafka", f"{address} has no topic {topic.name}")
            self._consumer.assign(self._partitions)
            seek = self._consumer.seek_to_beginning if from_beginning else self._pin_to_end
            seek(*self._partitions)
        except KafkaError as error:
            raise Unavailable("kafka", f"{address} does not answer: {error}") from error

    def _pin_to_end(self, *partitions: TopicPartition) -> None:
        # Explicit offsets: seek_to_end is lazy and would skip what arrives before the first poll.
        for partition, offset in self._consumer.end_offsets(list(partitions)).items():
            self._consumer.seek(partition, offset)

    def records(self, *, until: Callable[[], bool]) -> Iterator[Record]:
        """Every record that arrives until `until()` says so."""
        while not until():
            for records in self._consumer.poll(timeout_ms=POLL_MILLISECONDS).values():
                yield from (_record(record) for record in records)

    def records_for(self, *, seconds: float) -> Iterator[Record]:
        end = monotonic() + seconds
        return self.records(until=lambda: monotonic() >= end)

    def records_so_far(self) -> Iterator[Record]:
        """Everything up to the end of the topic as it stands now."""
        ends = self._consumer.end_offsets(self._partitions)
        return self.records(
            until=lambda: all(self._consumer.position(p) >= end for p, end in ends.items())
        )

    def close(self) -> None:
        self._consumer.close(autocommit=False)


def events_of(records: Iterable[Record], kind: type[EventT]) -> Iterator[EventT]:
    """The events of one kind among records; tombstones and undecodable records are left out."""
    for record in records:
        if record.value is None:
            continue
        try:
            event = decode(topic_named(record.topic), record)
        except Unprocessable:
            continue
        if isinstance(event, kind):
            yield event


@contextmanager
def reading(
    bootstrap: Kafka, topic: Topic, *, from_beginning: bool = False
) -> Iterator[TopicReader]:
    reader = TopicReader(bootstrap, topic, from_beginning=from_beginning)
    try:
        yield reader
    finally:
        reader.close()


def _record(record: Any) -> Record:
    return Record(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        timestamp_ms=record.timestamp,
        key=record.key,
        value=record.value,
        headers=tuple(record.headers or ()),
    )
