"""The history of a user orders events by their time, but none above events that arrived later."""

from datetime import timedelta

from services.ops.pages.users.history import as_json, lines_of
from shared.domain.clock import system_clock
from shared.events.topics import FEEDBACK
from shared.events.wire.record import Record
from tests.contract.events import wire

NOW = system_clock()
HOUR = timedelta(hours=1)


def _record(kind: str, *, occurred: timedelta, written: timedelta) -> Record:
    value = wire.value(
        wire.FEEDBACK, type=kind, dwell_ms=1, occurred_at=(NOW + occurred).isoformat()
    )
    written_ms = round((NOW + written).timestamp() * 1000)
    return Record(FEEDBACK.name, 0, 0, written_ms, None, value)


def test_an_event_of_a_clock_that_is_ahead_is_not_above_later_ones() -> None:
    ahead = _record("like", occurred=20 * HOUR, written=-2 * HOUR)
    later = _record("dislike", occurred=-HOUR, written=-HOUR)
    delayed = _record("click", occurred=-9 * HOUR, written=-HOUR)
    lines = lines_of([ahead, delayed, later])
    assert [line.text for line in lines] == [
        "dislike for 0.0 s",
        "like for 0.0 s",
        "click for 0.0 s",
    ]


def test_a_record_with_any_kafka_timestamp_is_shown_and_exported() -> None:
    for timestamp_ms in (-(2**63), -1, 0, 2**63 - 1):
        record = Record(FEEDBACK.name, 0, 0, timestamp_ms, None, wire.value(wire.FEEDBACK))
        assert len(lines_of([record])) == 1
        assert as_json(record)["written_at"]
