"""Read chosen stretches of topics, such as the last of each partition, and stop."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from kafka import TopicPartition

from shared.domain.errors import Unavailable
from shared.events.topics import Topic
from shared.events.wire.record import Record
from shared.messaging.client.consumer import short_lived_consumer
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.read.drain import as_record

POLL_MS: Final = 200
STALLED_SECONDS: Final = 30.0
"""Without any record for so long Kafka is away."""
Place = tuple[str, int]
"""A topic's name and a partition."""
Span = tuple[int, int]
"""Offsets from the first to before the second."""


class Stretches:
    """One connection that reads where it is told to; nothing is committed."""

    def __init__(self, consumer: Any) -> None:
        self._consumer = consumer

    def spans(self, topics: Sequence[Topic]) -> dict[Place, Span]:
        """What there is of each partition of the topics; a topic that is missing has none."""
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

    def read(self, wanted: Mapping[Place, Span]) -> list[Record]:
        """All records of these spans that Kafka still has, in the order of each partition."""
        ends = {TopicPartition(*place): end for place, (_, end) in wanted.items()}
        self._consumer.assign(list(ends))
        for place, (start, _) in wanted.items():
            self._consumer.seek(TopicPartition(*place), start)
        found: list[Record] = []
        moved_at = time.monotonic()
        # By position, not by the last record seen: a span may end in a gap.
        live = {p for p, end in ends.items() if self._consumer.position(p) < end}
        while live:
            polled = self._consumer.poll(timeout_ms=POLL_MS)
            for partition, records in polled.items():
                found += [as_record(r) for r in records if r.offset < ends[partition]]
            done = {p for p in live if self._consumer.position(p) >= ends[p]}
            live -= done
            if done and live:
                # Not paused: kafka-python 3.0.12 keeps what it has fetched of a paused partition,
                # and may never fetch that one again after it was resumed.
                self._consumer.assign(list(live))
            if polled or done:
                moved_at = time.monotonic()
            elif time.monotonic() - moved_at > STALLED_SECONDS:
                raise Unavailable("kafka", f"nothing came of {len(live)} partitions; is Kafka up?")
        return found


@contextmanager
def stretches(settings: MessagingSettings) -> Iterator[Stretches]:
    """A connection for the length of a block; raises `Unavailable`."""
    # A span that retention has just cut off begins with what is left of it.
    with short_lived_consumer(settings, auto_offset_reset="earliest") as consumer:
        yield Stretches(consumer)
