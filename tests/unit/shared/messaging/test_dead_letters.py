"""A dead letter is the record that came and why; too many of them stop the process."""

import pytest

from shared.domain.errors import Unprocessable
from shared.events.wire.record import Record
from shared.messaging.consume.dead_letters import (
    MAX_DETAIL_CHARACTERS,
    DeadLetterGuard,
    TooManyDeadLetters,
    dead_letter,
    without_value,
)

RECORD = Record(
    topic="feedback.v1",
    partition=3,
    offset=17,
    timestamp_ms=1,
    key=b"\xffkey",
    value=b"\x00 not json \xff",
    headers=(("trace", b"\xff\xfe"), ("empty", None), ("trace", b"again")),
)


def test_a_dead_letter_keeps_key_value_and_headers_and_says_why_and_whence() -> None:
    letter = dead_letter(RECORD, Unprocessable("not_json", "send JSON, não isto"), attempts=2)
    assert letter.topic == "feedback.v1.dlq"
    assert (letter.key, letter.value) == (RECORD.key, RECORD.value)
    assert letter.headers[:3] == RECORD.headers
    assert dict(letter.headers[3:]) == {
        "x-error": b"not_json",
        "x-detail": "send JSON, não isto".encode(),
        "x-source": b"feedback.v1/3/17",
        "x-attempts": b"2",
    }


def test_a_null_value_stays_null() -> None:
    record = Record("feedback.v1", 0, 0, 0, None, None)
    letter = dead_letter(record, Unprocessable("no_value", "no"), attempts=1)
    assert (letter.key, letter.value) == (None, None)


def test_what_an_earlier_journey_said_is_said_anew_and_not_twice() -> None:
    record = Record("feedback.v1", 0, 9, 0, b"u", b"{", (("x-error", b"old"), ("kept", b"1")))
    letter = dead_letter(record, Unprocessable("not_json", "d"), attempts=1)
    assert [value for name, value in letter.headers if name == "x-error"] == [b"not_json"]
    assert ("kept", b"1") in letter.headers


def test_a_detail_is_cut_and_what_cannot_be_encoded_is_replaced() -> None:
    letter = dead_letter(RECORD, Unprocessable("odd", "\ud800" + "x" * 10_000), attempts=1)
    detail = dict(letter.headers)["x-detail"]
    assert detail == b"?" + b"x" * (MAX_DETAIL_CHARACTERS - 1)


def test_a_letter_without_its_value_says_where_the_value_lies() -> None:
    letter = without_value(dead_letter(RECORD, Unprocessable("not_json", "bad"), attempts=1))
    headers = dict(letter.headers)
    assert letter.value is None
    assert letter.key == RECORD.key
    assert headers["x-source"] == b"feedback.v1/3/17"
    assert headers["x-detail"] is not None
    assert headers["x-detail"].startswith(b"bad; the value, 12 bytes, is too large")


def arrive(guard: DeadLetterGuard, fates: str) -> None:
    """One event each: `g`ood, or `b`ad and set aside at once."""
    for fate in fates:
        arrival = guard.arrived()
        if fate == "b":
            guard.set_aside(arrival)


@pytest.mark.parametrize(
    ("fates", "stops"),
    [
        ("b" * 4, False),  # fewer than a quarter of the sample prove nothing
        ("b" * 5, True),
        ("gb" * 50, False),  # exactly the share
        ("gb" * 10 + "b", True),
        ("g" * 10 + "b" * 10, False),
        ("g" * 10 + "b" * 11, True),
        ("g" * 100 + "b" * 10, False),  # only the latest count
        ("g" * 100 + "b" * 11, True),
        ("bbbb" + "g" * 20 + "bbbb" + "g" * 20, False),
    ],
)
def test_the_process_stops_when_more_than_the_share_of_the_latest_is_set_aside(
    fates: str, stops: bool
) -> None:
    guard = DeadLetterGuard(share=0.5, sample=20)
    if not stops:
        arrive(guard, fates)
        return
    arrive(guard, fates[:-1])
    with pytest.raises(TooManyDeadLetters, match=r"of the latest \d+ events became dead letters"):
        arrive(guard, fates[-1])


def test_good_events_in_work_count_though_they_are_not_done() -> None:
    guard = DeadLetterGuard(share=0.5, sample=20)
    arrivals = [guard.arrived() for _ in range(20)]
    for bad in arrivals[:10]:
        guard.set_aside(bad)
    with pytest.raises(TooManyDeadLetters):
        guard.set_aside(arrivals[10])


def test_one_event_counts_once_however_often_its_letter_is_tried() -> None:
    guard = DeadLetterGuard(share=0.5, sample=20)
    arrive(guard, "g" * 5)
    arrival = guard.arrived()
    for _ in range(50):
        guard.set_aside(arrival)
