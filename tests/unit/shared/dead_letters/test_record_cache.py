"""A record is read once; deleted records are removed; a full cache removes the oldest."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.dead_letters.record_cache import RECORD_BYTES, RecordCache
from shared.events.wire.record import Record
from shared.messaging.client.kafka_types import OffsetRange, Partition

PARTITION = ("feedback.v1.dlq", 0)
OTHER = ("feedback.v1.dlq", 1)


@dataclass
class FakeReader:
    """Partitions with records at these offsets, and the ranges that were requested."""

    offsets: dict[Partition, list[int]]
    requests: list[Mapping[Partition, OffsetRange]] = field(default_factory=list)

    def records(self, ranges: Mapping[Partition, OffsetRange]) -> list[Record]:
        self.requests.append(ranges)
        return [
            Record(*partition, offset, timestamp_ms=offset, key=None, value=b"x" * 100)
            for partition, (begin, end) in ranges.items()
            for offset in self.offsets[partition]
            if begin <= offset < end
        ]


def offsets(records: list[Record]) -> list[int]:
    return [record.offset for record in records]


def test_cached_records_are_not_requested_again() -> None:
    reader, cache = FakeReader({PARTITION: list(range(10)), OTHER: list(range(5))}), RecordCache()
    assert offsets(cache.read(reader, {PARTITION: (4, 8)})) == [4, 5, 6, 7]
    assert offsets(cache.read(reader, {PARTITION: (2, 10)})) == list(range(2, 10))
    both = cache.read(reader, {PARTITION: (3, 9), OTHER: (0, 2)})
    assert [(r.partition, r.offset) for r in both] == [
        *((0, n) for n in range(3, 9)), (1, 0), (1, 1),
    ]  # fmt: skip
    assert reader.requests == [{PARTITION: (4, 8)}, {PARTITION: (2, 10)}, {OTHER: (0, 2)}]


def test_only_the_missing_ends_of_a_range_are_requested() -> None:
    reader, cache = FakeReader({PARTITION: list(range(20))}), RecordCache()
    cache.read(reader, {PARTITION: (5, 10)})
    assert offsets(cache.read(reader, {PARTITION: (5, 14)})) == list(range(5, 14))
    assert offsets(cache.read(reader, {PARTITION: (0, 14)})) == list(range(14))
    assert reader.requests[1:] == [{PARTITION: (10, 14)}, {PARTITION: (0, 5)}]


def test_an_offset_without_a_record_is_cached_too() -> None:
    reader, cache = FakeReader({PARTITION: [0, 1, 4]}), RecordCache()
    for _ in range(2):
        assert offsets(cache.read(reader, {PARTITION: (0, 6)})) == [0, 1, 4]
    assert len(reader.requests) == 1


def test_records_that_kafka_has_deleted_are_removed() -> None:
    reader, cache = FakeReader({PARTITION: list(range(10))}), RecordCache()
    cache.read(reader, {PARTITION: (0, 10)})
    cache.forget_outside({PARTITION: (6, 10)})
    assert offsets(cache.read(reader, {PARTITION: (6, 10)})) == [6, 7, 8, 9]
    assert len(reader.requests) == 1
    reader.offsets[PARTITION] = [6, 7, 8, 9]
    assert offsets(cache.read(reader, {PARTITION: (0, 10)})) == [6, 7, 8, 9]


def test_a_topic_that_was_created_again_is_read_again() -> None:
    reader, cache = FakeReader({PARTITION: list(range(10))}), RecordCache()
    cache.read(reader, {PARTITION: (0, 10)})
    cache.forget_outside({PARTITION: (0, 3)})
    cache.read(reader, {PARTITION: (0, 3)})
    assert reader.requests[-1] == {PARTITION: (0, 3)}


def test_a_full_cache_removes_the_oldest_records() -> None:
    reader = FakeReader({PARTITION: list(range(10))})
    cache = RecordCache(max_bytes=4 * (RECORD_BYTES + 100))
    assert offsets(cache.read(reader, {PARTITION: (0, 10)})) == list(range(10))
    cache.read(reader, {PARTITION: (6, 10)})
    assert len(reader.requests) == 1
    assert offsets(cache.read(reader, {PARTITION: (4, 10)})) == list(range(4, 10))
    assert reader.requests[-1] == {PARTITION: (4, 6)}
    cache.read(reader, {PARTITION: (6, 10)})
    assert len(reader.requests) == 2
