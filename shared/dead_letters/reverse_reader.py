"""Read records of many partitions newest first, in chunks, and only as many as are needed."""

import base64
import heapq
import json
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from typing import Final

from shared.dead_letters.record_cache import RangeReader, RecordCache
from shared.events.wire.record import Record
from shared.messaging.client.kafka_types import OffsetRange, Partition

CHUNK: Final = 20
"""Records of a partition in the first chunk; one record may have four megabytes."""
MAX_CHUNK: Final = 1_000
CHUNK_BYTES: Final = 2_000_000
"""Chunks of small records grow to about this size: each chunk is one request to Kafka."""


@dataclass
class ReverseReader:
    """Iterates over the records of several partitions, newest first."""

    reader: RangeReader
    cache: RecordCache
    remaining: dict[Partition, OffsetRange]
    """By partition, the offsets that were not yielded yet."""
    skipped: Set[str]
    """Ids (`topic/partition/offset`) to skip at the end of a range, so that they are not read."""
    scanned: int = 0
    """Number of records yielded."""
    _chunks: dict[Partition, list[Record]] = field(default_factory=dict)
    _chunk_size: int = CHUNK

    def __iter__(self) -> Iterator[Record]:
        self._fill(list(self.remaining))
        newest = [self._newest_of(partition) for partition in self._chunks]
        heapq.heapify(newest)
        while newest:
            _, partition = heapq.heappop(newest)
            record = self._chunks[partition].pop()
            self.remaining[partition] = (self.remaining[partition][0], record.offset)
            self.scanned += 1
            yield record
            if not self._chunks[partition]:
                self._fill([partition])
            if self._chunks.get(partition):
                heapq.heappush(newest, self._newest_of(partition))

    def end(self) -> None:
        """Discard the rest, because it is older than the search."""
        self.remaining = {}

    def cursor(self) -> str | None:
        """The position as text; None when nothing remains."""
        offsets = {
            f"{topic}/{number}": end
            for (topic, number), (begin, end) in self.remaining.items()
            if end > begin
        }
        if not offsets:
            return None
        return base64.urlsafe_b64encode(json.dumps(offsets).encode()).decode("ascii")

    def _newest_of(self, partition: Partition) -> tuple[int, Partition]:
        return -self._chunks[partition][-1].timestamp_ms, partition

    def _without_skipped(self, partition: Partition) -> OffsetRange:
        begin, end = self.remaining[partition]
        while end > begin and f"{partition[0]}/{partition[1]}/{end - 1}" in self.skipped:
            end -= 1
        return begin, end

    def _fill(self, partitions: list[Partition]) -> None:
        """Read the next chunk of these partitions; one that retention has emptied is finished."""
        while partitions:
            for partition in partitions:
                self.remaining[partition] = self._without_skipped(partition)
            unread = {p: self.remaining[p] for p in partitions}
            ranges = {
                partition: (max(begin, end - self._chunk_size), end)
                for partition, (begin, end) in unread.items()
                if end > begin
            }
            records = self.cache.read(self.reader, ranges)
            for record in records:
                self._chunks.setdefault((record.topic, record.partition), []).append(record)
            self._chunk_size = _next_chunk_size(self._chunk_size, records)
            partitions = []
            for partition, (start, _) in ranges.items():
                if not self._chunks.get(partition):
                    # A chunk without records, such as transaction markers only.
                    self.remaining[partition] = (self.remaining[partition][0], start)
                    partitions.append(partition)


def _next_chunk_size(size: int, records: Sequence[Record]) -> int:
    """Double the size while records are small; a single page then reads few records too many."""
    value_bytes = sum(len(record.value or b"") for record in records)
    if not records or not value_bytes:
        return size
    fitting = CHUNK_BYTES * len(records) // value_bytes
    return max(CHUNK, min(2 * size, fitting, MAX_CHUNK))
