"""Cache records of Kafka by offset: a record never changes, so each is read once."""

import heapq
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from shared.dead_letters.resolution_index import ResolutionIndex
from shared.events.wire.record import Record
from shared.messaging.client.kafka_types import OffsetRange, Partition

MAX_BYTES: Final = 64 * 1024**2
"""Limit for all cached records together; ten thousand dead letters of 1 KB need a third."""
RECORD_BYTES: Final = 1_000
"""Memory of a record in addition to its own bytes."""


class RangeReader(Protocol):
    """Reads the records that are not cached."""

    def records(self, ranges: Mapping[Partition, OffsetRange]) -> Iterable[Record]: ...


class RecordCache:
    """Records by partition and offset; when the cache is full the oldest are removed."""

    def __init__(self, *, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._cached: dict[Partition, dict[int, Record | None]] = {}
        """None is an offset without a record, such as a transaction marker."""
        self._oldest: list[tuple[int, Partition, int]] = []
        """A heap of timestamp, partition and offset; it may contain removed entries."""
        self._lock = threading.Lock()

    def read(self, reader: RangeReader, ranges: Mapping[Partition, OffsetRange]) -> list[Record]:
        """All records of these ranges, in the order of each partition; raises `Unavailable`."""
        cached = self._lookup(ranges)
        missing = {
            partition: gap
            for partition, offsets in ranges.items()
            if (gap := _missing(offsets, cached[partition]))
        }
        new: dict[Partition, dict[int, Record | None]] = {
            partition: dict.fromkeys(range(*offsets)) for partition, offsets in missing.items()
        }
        for record in reader.records(missing) if missing else ():
            new[record.topic, record.partition][record.offset] = record
        self._add(new)
        merged = (cached[partition] | new.get(partition, {}) for partition in ranges)
        return [r for records in merged for _, r in sorted(records.items()) if r is not None]

    def forget_outside(self, available: Mapping[Partition, OffsetRange]) -> None:
        """Remove records that Kafka has deleted, and all of a topic that was created again."""
        with self._lock:
            for partition, (begin, end) in available.items():
                cached = self._cached.get(partition, {})
                recreated = any(offset >= end for offset in cached)
                for offset in [offset for offset in cached if recreated or offset < begin]:
                    self._remove(partition, offset)

    def _lookup(
        self, ranges: Mapping[Partition, OffsetRange]
    ) -> dict[Partition, dict[int, Record | None]]:
        with self._lock:
            return {
                partition: {
                    offset: self._cached[partition][offset]
                    for offset in range(*offsets)
                    if offset in self._cached.get(partition, {})
                }
                for partition, offsets in ranges.items()
            }

    def _add(self, new: Mapping[Partition, Mapping[int, Record | None]]) -> None:
        with self._lock:
            for partition, records in new.items():
                cached = self._cached.setdefault(partition, {})
                for offset, record in records.items():
                    if offset in cached:
                        continue
                    cached[offset] = record
                    self._bytes += _bytes(record)
                    timestamp = record.timestamp_ms if record else 0
                    heapq.heappush(self._oldest, (timestamp, partition, offset))
            while self._bytes > self._max_bytes:
                _, partition, offset = heapq.heappop(self._oldest)
                self._remove(partition, offset)

    def _remove(self, partition: Partition, offset: int) -> None:
        cached = self._cached[partition]
        if offset in cached:
            self._bytes -= _bytes(cached.pop(offset))


@dataclass(frozen=True)
class DeadLetterCache:
    """The records and resolutions that one process keeps between queries."""

    resolutions: ResolutionIndex = field(default_factory=ResolutionIndex)
    records: RecordCache = field(default_factory=RecordCache)


def _missing(offsets: OffsetRange, cached: Mapping[int, object]) -> OffsetRange | None:
    """The range from the first offset that is not cached to the last."""
    begin, end = offsets
    while begin < end and begin in cached:
        begin += 1
    while end > begin and end - 1 in cached:
        end -= 1
    return (begin, end) if begin < end else None


def _bytes(record: Record | None) -> int:
    if record is None:
        return RECORD_BYTES
    headers = sum(len(name) + len(value or b"") for name, value in record.headers)
    return RECORD_BYTES + len(record.key or b"") + len(record.value or b"") + headers
