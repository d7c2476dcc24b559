"""Be the app: send events and read feeds and profiles, each call with an end."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError
from shared.events.codec import decode, encode

from shared.errors import Unavailable
from shared.events.base import Event
from shared.events.record import Record
from shared.events.topics import MAX_RECORD_BYTES, Topic

SEND_TIMEOUT_SECONDS = 30.0
"""Longer than a broker's restart, shorter than a person's patience."""
POLL_MILLISECONDS = 200


def send(bootstrap: str, events: list[Event]) -> None:
    """Publish events; returns when Kafka has acknowledged every one."""
    try:
        producer = KafkaProducer(
            bootstrap_servers=bootstrap.split(","),
            acks="all",
            max_request_size=MAX_RECORD_BYTES,
            allow_auto_create_topics=False,
            max_block_ms=int(SEND_TIMEOUT_SECONDS * 1000),
        )
        try:
            outgoing = [encode(event) for event in events]
            sent = [
                producer.send(o.topic, key=o.key, value=o.value, headers=list(o.headers))
                for o in outgoing
            ]
            for future in sent:
                future.get(timeout=SEND_TIMEOUT_SECONDS)
        finally:
            producer.close(timeout=SEND_TIMEOUT_SECONDS)
    except KafkaError as error:
        raise Unavailable("kafka", f"{bootstrap} did not take the events: {error}") from error


class TopicReader:
    """Reads one topic from where it stood when the reader was made, or from its beginning."""

    def __init__(self, bootstrap: str, topic: Topic, *, from_beginning: bool = False) -> None:
        self._topic = topic
        try:
            self._consumer: Any = KafkaConsumer(
                bootstrap_servers=bootstrap.split(","),
                group_id=None,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                fetch_max_bytes=MAX_RECORD_BYTES * 4,
                max_partition_fetch_bytes=MAX_RECORD_BYTES,
            )
            numbers = self._consumer.partitions_for_topic(topic.name) or ()
            self._partitions = [TopicPartition(topic.name, number) for number in sorted(numbers)]
            if not self._partitions:
                raise Unavailable("kafka", f"{bootstrap} has no topic {topic.name}")
            self._consumer.assign(self._partitions)
            seek = self._consumer.seek_to_beginning if from_beginning else self._pin_to_end
            seek(*self._partitions)
        except KafkaError as error:
            raise Unavailable("kafka", f"{bootstrap} does not answer: {error}") from error

    def _pin_to_end(self, *partitions: TopicPartition) -> None:
        # Explicit offsets: seek_to_end is lazy and would skip what arrives before the first poll.
        for partition, offset in self._consumer.end_offsets(list(partitions)).items():
            self._consumer.seek(partition, offset)

    def events(self, *, until: Callable[[], bool]) -> Iterator[Event]:
        """Every event that arrives until `until()` says so; undecodable ones are left out."""
        while not until():
            for records in self._consumer.poll(timeout_ms=POLL_MILLISECONDS).values():
                for record in records:
                    if record.value is not None:
                        yield decode(self._topic, _record(record))

    def events_for(self, *, seconds: float) -> Iterator[Event]:
        end = monotonic() + seconds
        return self.events(until=lambda: monotonic() >= end)

    def events_so_far(self) -> Iterator[Event]:
        """Everything up to the end of the topic as it stands now."""
        ends = self._consumer.end_offsets(self._partitions)
        return self.events(
            until=lambda: all(self._consumer.position(p) >= end for p, end in ends.items())
        )

    def close(self) -> None:
        self._consumer.close(autocommit=False)


@contextmanager
def reading(bootstrap: str, topic: Topic, *, from_beginning: bool = False) -> Iterator[TopicReader]:
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
