"""Convert records of aiokafka and kafka-python to our `Record`; type aliases for offsets."""

from typing import Any

from shared.events.wire.record import Record

Partition = tuple[str, int]
"""A topic's name and a partition number."""
OffsetRange = tuple[int, int]
"""The first offset, and the offset after the last one."""


def to_record(raw: Any) -> Record:
    """A record of either client as a `Record`; both clients use the same field names."""
    return Record(
        topic=raw.topic,
        partition=raw.partition,
        offset=raw.offset,
        timestamp_ms=raw.timestamp,
        key=raw.key,
        value=raw.value,
        headers=tuple(raw.headers or ()),
    )
