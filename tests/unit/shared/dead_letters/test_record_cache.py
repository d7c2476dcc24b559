"""A record is asked of Kafka once; what Kafka has deleted is forgotten; the oldest make room."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.dead_letters.record_cache import RECORD_BYTES, Records
from shared.events.wire.record import Record
from shared.messaging.read.offset_ranges import Place, Span

PLACE = ("feedback.v1.dlq", 0)
OTHER = ("feedback.v1.dlq", 1)


@dataclass
class Kafka:
    """Records by their offsets, and what was asked for."""

    records: dict[Place, list[int]]
    asked: list[Mapping[Place, Span]] = field(default_factory=list)

    def read(self, wanted: Mapping[Place, Span]) -> list[Record]:
        self.asked.append(wanted)
        return [
            Record(*place, offset, timestamp_ms=offset, key=None, value=b"x" * 100)
            for place, (begin, end) in wanted.items()
            for offset in self.records[place]
            if begin <= offset < end
        ]


def offsets(records: list[Record]) -> list[int]:
    return [record.offset for record in records]


def test_what_was_read_is_not_asked_for_again() -> None:
    kafka, known = Kafka({PLACE: list(range(10)), OTHER: list(range(5))}), Records()
    assert offsets(known.read(kafka, {PLACE: (4, 8)})) == [4, 5, 6, 7]
    assert offsets(known.read(kafka, {PLACE: (2, 10)})) == list(range(2, 10))
    both = known.read(kafka, {PLACE: (3, 9), OTHER: (0, 2)})
    assert [(r.partition, r.offset) for r in both] == [
        *((0, n) for n in range(3, 9)), (1, 0), (1, 1),
    ]  # fmt: skip
    assert kafka.asked == [{PLACE: (4, 8)}, {PLACE: (2, 10)}, {OTHER: (0, 2)}]


def test_only_the_ends_that_are_new_are_asked_for() -> None:
    kafka, known = Kafka({PLACE: list(range(20))}), Records()
    known.read(kafka, {PLACE: (5, 10)})
    assert offsets(known.read(kafka, {PLACE: (5, 14)})) == list(range(5, 14))
    assert offsets(known.read(kafka, {PLACE: (0, 14)})) == list(range(14))
    assert kafka.asked[1:] == [{PLACE: (10, 14)}, {PLACE: (0, 5)}]


def test_an_offset_without_a_record_is_remembered_too() -> None:
    kafka, known = Kafka({PLACE: [0, 1, 4]}), Records()
    for _ in range(2):
        assert offsets(known.read(kafka, {PLACE: (0, 6)})) == [0, 1, 4]
    assert len(kafka.asked) == 1


def test_what_kafka_has_deleted_is_forgotten() -> None:
    kafka, known = Kafka({PLACE: list(range(10))}), Records()
    known.read(kafka, {PLACE: (0, 10)})
    known.keep_to({PLACE: (6, 10)})
    assert offsets(known.read(kafka, {PLACE: (6, 10)})) == [6, 7, 8, 9]
    assert len(kafka.asked) == 1
    kafka.records[PLACE] = [6, 7, 8, 9]
    assert offsets(known.read(kafka, {PLACE: (0, 10)})) == [6, 7, 8, 9]


def test_a_topic_that_was_made_anew_is_read_anew() -> None:
    kafka, known = Kafka({PLACE: list(range(10))}), Records()
    known.read(kafka, {PLACE: (0, 10)})
    known.keep_to({PLACE: (0, 3)})
    known.read(kafka, {PLACE: (0, 3)})
    assert kafka.asked[-1] == {PLACE: (0, 3)}


def test_the_oldest_make_room_for_the_newest() -> None:
    kafka = Kafka({PLACE: list(range(10))})
    known = Records(most_bytes=4 * (RECORD_BYTES + 100))
    assert offsets(known.read(kafka, {PLACE: (0, 10)})) == list(range(10))
    known.read(kafka, {PLACE: (6, 10)})
    assert len(kafka.asked) == 1
    assert offsets(known.read(kafka, {PLACE: (4, 10)})) == list(range(4, 10))
    assert kafka.asked[-1] == {PLACE: (4, 6)}
    known.read(kafka, {PLACE: (6, 10)})
    assert len(kafka.asked) == 2
