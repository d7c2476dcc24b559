"""Convert records of aiokafka and kafka-python to our `Record`; type aliases for offsets."""

import logging
from typing import Any, Final

from shared.events.wire.record import Record
from shared.messaging.batches.unreadable_record import UnreadableValue

log = logging.getLogger(__name__)

Partition = tuple[str, int]
"""A topic's name and a partition number."""
OffsetRange = tuple[int, int]
"""The first offset, and the offset after the last one."""

NO_TIMESTAMP: Final = -1
"""Kafka's value for a record without a timestamp."""


def to_record(raw: Any) -> Record:
    """A record of either client as a `Record`; both clients use the same field names."""
    unreadable = raw.value.unreadable if isinstance(raw.value, UnreadableValue) else None
    if unreadable is not None:
        log.error("topic %s, partition %d: %s", raw.topic, raw.partition, unreadable.detail)
    return Record(
        topic=raw.topic,
        partition=raw.partition,
        offset=raw.offset,
        timestamp_ms=NO_TIMESTAMP if raw.timestamp is None else raw.timestamp,
        key=raw.key,
        value=raw.value,
        headers=tuple(raw.headers or ()),
        unreadable=unreadable,
    )
