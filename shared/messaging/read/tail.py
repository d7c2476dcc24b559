"""Read the last records of a topic, from some offset to where it ends now."""

from collections.abc import Iterator
from typing import Any

from kafka import TopicPartition

from shared.events.topics import Topic
from shared.events.wire.record import Record
from shared.messaging.client.consumer import short_lived_consumer
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.read.drain import as_record

POLL_MS = 200


def tail(settings: MessagingSettings, topic: Topic, *, most: int) -> Iterator[Record]:
    """At most `most` of a topic's latest records a partition; raises `Unavailable`."""
    with short_lived_consumer(settings) as consumer:
        numbers = consumer.partitions_for_topic(topic.name) or ()
        partitions = [TopicPartition(topic.name, number) for number in numbers]
        yield from _read(consumer, partitions, most)


def _read(consumer: Any, partitions: list[TopicPartition], most: int) -> Iterator[Record]:
    consumer.assign(partitions)
    ends = consumer.end_offsets(partitions)
    begins = consumer.beginning_offsets(partitions)
    for partition, end in ends.items():
        consumer.seek(partition, max(end - most, begins[partition]))
    # By position, not by the last record seen: a compacted topic may end in a gap.
    while any(consumer.position(partition) < end for partition, end in ends.items()):
        for records in consumer.poll(timeout_ms=POLL_MS).values():
            for found in records:
                yield as_record(found)
