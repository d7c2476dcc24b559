"""A bounded read ends at its end offsets or fails at a time limit; the consumer is a fake."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from kafka import TopicPartition
from kafka.errors import MetadataEmptyBrokerList

from shared.domain.errors import Unavailable
from shared.events.topics import FEEDBACK
from shared.messaging.client.kafka_types import Partition
from shared.messaging.read.bounded_reader import BatchSize, BoundedReader, RangeBatch
from shared.messaging.read.limits import ReadLimits

ZERO: Partition = (FEEDBACK.name, 0)
ONE: Partition = (FEEDBACK.name, 1)
LIMITS = ReadLimits(stall_seconds=30.0, total_seconds=100.0)
POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Raw:
    """A record as kafka-python returns it."""

    topic: str
    partition: int
    offset: int
    timestamp: int = 0
    key: bytes | None = None
    value: bytes | None = b"x" * 10
    headers: tuple[tuple[str, bytes]] | None = None


@dataclass
class FakeConsumer:
    """Partitions with records at these offsets. Each poll returns some; then it is stalled."""

    offsets: dict[Partition, list[int]]
    ends: dict[Partition, int]
    polls_before_stall: int = 1_000
    records_per_poll: int = 2
    position_is_unknown: bool = False
    answers_without_broker: int = 0
    """The first answers name no broker, as of a Kafka that has just come back."""
    now: float = 0.0
    assigned: list[Partition] = field(default_factory=list)
    positions: dict[Partition, int] = field(default_factory=dict)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def partitions_for_topic(self, topic: str) -> set[int]:
        self.answers_without_broker -= 1
        if self.answers_without_broker >= 0:
            raise MetadataEmptyBrokerList
        return {number for name, number in self.offsets if name == topic}

    def beginning_offsets(self, partitions: Sequence[TopicPartition]) -> dict[Any, int]:
        return dict.fromkeys(partitions, 0)

    def end_offsets(self, partitions: Sequence[TopicPartition]) -> dict[Any, int]:
        return {p: self.ends[p.topic, p.partition] for p in partitions}

    def assign(self, partitions: Sequence[TopicPartition]) -> None:
        self.assigned = [(p.topic, p.partition) for p in partitions]

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.positions[partition.topic, partition.partition] = offset

    def position(self, partition: TopicPartition, timeout_ms: int) -> int | None:
        assert (partition.topic, partition.partition) in self.assigned
        if self.position_is_unknown:
            return None
        return self.positions[partition.topic, partition.partition]

    def poll(self, *, timeout_ms: int, max_records: int) -> dict[Any, list[Raw]]:
        self.now += timeout_ms / 1000
        self.polls_before_stall -= 1
        if self.polls_before_stall < 0:
            return {}
        for partition in self.assigned:
            position = self.positions[partition]
            rest = [offset for offset in self.offsets[partition] if offset >= position]
            returned = rest[: min(self.records_per_poll, max_records)]
            is_last = len(returned) == len(rest)
            # As Kafka does: behind the last record the position jumps over offsets without records.
            next_position = self.ends[partition] if is_last else returned[-1] + 1
            if next_position > position:
                self.positions[partition] = next_position
                return {TopicPartition(*partition): [Raw(*partition, n) for n in returned]}
        return {}

    def reader(self, limits: ReadLimits = LIMITS) -> BoundedReader:
        return BoundedReader(
            self, address="broker:9092", limits=limits, monotonic=self.monotonic, sleep=self.sleep
        )


def full(count: int, **options: Any) -> FakeConsumer:
    """Two partitions with `count` records each."""
    return FakeConsumer(
        {ZERO: list(range(count)), ONE: list(range(count))}, {ZERO: count, ONE: count}, **options
    )


def offsets_of(batches: Sequence[RangeBatch]) -> list[tuple[int, int]]:
    return sorted((r.partition, r.offset) for batch in batches for r in batch.records)


def test_exactly_the_requested_ranges_are_read() -> None:
    reader = full(10).reader()
    records = list(reader.records({ZERO: (2, 5), ONE: (7, 10)}))
    assert [(r.partition, r.offset) for r in records if r.partition == 0] == [
        (0, 2), (0, 3), (0, 4),
    ]  # fmt: skip
    assert [r.offset for r in records if r.partition == 1] == [7, 8, 9]


def test_available_returns_the_offsets_of_existing_topics() -> None:
    assert full(4).reader().available([FEEDBACK]) == {ZERO: (0, 4), ONE: (0, 4)}
    assert FakeConsumer({}, {}).reader().available([FEEDBACK]) == {}


def test_available_waits_for_a_kafka_that_names_no_broker_yet() -> None:
    consumer = full(4, answers_without_broker=5)
    assert consumer.reader().available([FEEDBACK]) == {ZERO: (0, 4), ONE: (0, 4)}
    assert 0 < consumer.now < LIMITS.stall_seconds


def test_available_fails_when_no_broker_is_named_within_the_limit() -> None:
    consumer = full(4, answers_without_broker=1_000_000)
    with pytest.raises(Unavailable, match="broker:9092 names no broker within 30 s"):
        consumer.reader().available([FEEDBACK])
    assert consumer.now == pytest.approx(LIMITS.stall_seconds, abs=2 * POLL_SECONDS)


def test_an_empty_range_needs_no_poll() -> None:
    consumer = full(3)
    assert list(consumer.reader().batches({ZERO: (3, 3)})) == []
    assert consumer.now == 0.0


def test_a_range_that_ends_in_offsets_without_records_ends_by_position() -> None:
    consumer = FakeConsumer({ZERO: [0, 1]}, {ZERO: 8})
    assert [r.offset for r in consumer.reader().records({ZERO: (0, 8)})] == [0, 1]


def test_a_range_without_any_record_gives_one_batch_with_the_new_position() -> None:
    consumer = FakeConsumer({ZERO: []}, {ZERO: 5})
    assert list(consumer.reader().batches({ZERO: (1, 5)})) == [RangeBatch((), {ZERO: 5})]


def test_batches_are_bounded_by_records_and_by_bytes() -> None:
    by_records = list(full(6).reader().batches({ZERO: (0, 6)}, size=BatchSize(4, 10**9)))
    assert [len(batch.records) for batch in by_records] == [4, 2]
    assert [batch.positions[ZERO] for batch in by_records] == [4, 6]
    by_bytes = list(full(6).reader().batches({ZERO: (0, 6)}, size=BatchSize(100, 20)))
    assert [len(batch.records) for batch in by_bytes] == [2, 2, 2]
    assert offsets_of(by_records) == offsets_of(by_bytes) == [(0, n) for n in range(6)]


def test_stop_ends_the_read_and_drops_the_batch_that_is_not_full() -> None:
    consumer = full(12)  # a batch of four needs two polls; the fifth poll fills half a batch
    batches = consumer.reader().batches(
        {ZERO: (0, 12)}, size=BatchSize(4, 10**9), stop=lambda: consumer.now > 4.5 * POLL_SECONDS
    )
    assert [len(batch.records) for batch in batches] == [4, 4]


@pytest.mark.parametrize("polls", [0, 1, 2])
@pytest.mark.parametrize("position_is_unknown", [False, True])
def test_a_stalled_broker_ends_the_read_with_topic_partition_and_offset(
    polls: int, position_is_unknown: bool
) -> None:
    consumer = full(10, polls_before_stall=polls, position_is_unknown=position_is_unknown)
    with pytest.raises(Unavailable) as stalled:
        list(consumer.reader().records({ZERO: (0, 10)}))
    offset = 0 if position_is_unknown else 2 * polls
    assert stalled.value.detail == (
        f"nothing arrived within 30 s: topic feedback.v1, partition 0 is at offset {offset} of 10."
        " Check that the broker broker:9092 runs and answers"
    )
    assert consumer.now == pytest.approx(30.0 + polls * POLL_SECONDS, abs=2 * POLL_SECONDS)


def test_the_error_counts_the_other_unfinished_partitions() -> None:
    consumer = full(10, polls_before_stall=0)
    with pytest.raises(Unavailable, match=r"partition 0 is at offset 0 of 10 \(1 more partition"):
        list(consumer.reader().records({ONE: (0, 10), ZERO: (0, 10)}))


def test_a_very_slow_broker_ends_the_read_at_the_total_limit() -> None:
    consumer = full(10_000, records_per_poll=1)
    with pytest.raises(Unavailable, match=r"the read did not finish within 100 s: .* of 10000"):
        list(consumer.reader().records({ZERO: (0, 10_000)}))
    assert consumer.now == pytest.approx(100.0, abs=2 * POLL_SECONDS)


def test_the_time_of_the_caller_between_batches_does_not_count() -> None:
    consumer = full(20)
    batches = 0
    for _ in consumer.reader().batches({ZERO: (0, 20)}, size=BatchSize(2, 10**9)):
        batches += 1
        consumer.now += 5 * LIMITS.total_seconds
    assert batches == 10
