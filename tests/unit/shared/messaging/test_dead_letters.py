"""A dead letter contains the record and the reason; too many dead letters stop the process."""

import itertools

import pytest

from shared.domain.errors import Unprocessable
from shared.events.wire.record import Record
from shared.messaging.consume.dead_letter_guard import DeadLetterGuard, TooManyDeadLetters
from shared.messaging.consume.dead_letter_record import (
    MAX_DETAIL_CHARACTERS,
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


def test_a_dead_letter_keeps_key_value_and_headers_and_adds_reason_and_source() -> None:
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


def test_error_headers_of_an_earlier_dead_letter_are_replaced() -> None:
    record = Record("feedback.v1", 0, 9, 0, b"u", b"{", (("x-error", b"old"), ("kept", b"1")))
    letter = dead_letter(record, Unprocessable("not_json", "d"), attempts=1)
    assert [value for name, value in letter.headers if name == "x-error"] == [b"not_json"]
    assert ("kept", b"1") in letter.headers


def test_a_detail_is_truncated_and_unencodable_characters_are_replaced() -> None:
    letter = dead_letter(RECORD, Unprocessable("odd", "\ud800" + "x" * 10_000), attempts=1)
    detail = dict(letter.headers)["x-detail"]
    assert detail == b"?" + b"x" * (MAX_DETAIL_CHARACTERS - 1)


def test_a_dead_letter_without_its_value_names_the_source_of_the_value() -> None:
    letter = without_value(dead_letter(RECORD, Unprocessable("not_json", "bad"), attempts=1))
    headers = dict(letter.headers)
    assert letter.value is None
    assert letter.key == RECORD.key
    assert headers["x-source"] == b"feedback.v1/3/17"
    assert headers["x-detail"] is not None
    assert headers["x-detail"].startswith(b"bad; the value of 12 bytes is too large")


KEYS = (b"user-%d" % number for number in itertools.count())


def arrive(guard: DeadLetterGuard, fates: str) -> None:
    """Let one event of a new key arrive per letter: `b` becomes a dead letter at once."""
    for fate in fates:
        arrival = guard.arrived(next(KEYS))
        if fate == "b":
            guard.dead_letter(arrival, "internal_error")


@pytest.mark.parametrize(
    ("fates", "stops"),
    [
        ("b" * 4, False),  # too few: less than a quarter of the window
        ("b" * 5, True),
        ("gb" * 50, False),  # exactly the ratio
        ("gb" * 10 + "b", True),
        ("g" * 10 + "b" * 10, False),
        ("g" * 10 + "b" * 11, True),
        ("g" * 100 + "b" * 10, False),  # only the latest count
        ("g" * 100 + "b" * 11, True),
        ("bbbb" + "g" * 20 + "bbbb" + "g" * 20, False),
    ],
)
def test_the_process_stops_when_the_ratio_of_dead_letters_exceeds_the_maximum(
    fates: str, stops: bool
) -> None:
    guard = DeadLetterGuard(max_ratio=0.5, window=20)
    if not stops:
        arrive(guard, fates)
        return
    arrive(guard, fates[:-1])
    with pytest.raises(TooManyDeadLetters, match=r"of the latest \d+ events became dead letters"):
        arrive(guard, fates[-1])


def test_good_events_in_flight_count_before_they_are_done() -> None:
    guard = DeadLetterGuard(max_ratio=0.5, window=20)
    arrivals = [guard.arrived(next(KEYS)) for _ in range(20)]
    for bad in arrivals[:10]:
        guard.dead_letter(bad, "unknown_image")
    with pytest.raises(TooManyDeadLetters):
        guard.dead_letter(arrivals[10], "unknown_image")


def test_one_event_counts_once_however_often_its_dead_letter_is_sent() -> None:
    guard = DeadLetterGuard(max_ratio=0.5, window=20)
    arrive(guard, "g" * 5)
    arrival = guard.arrived(next(KEYS))
    for _ in range(50):
        guard.dead_letter(arrival, "internal_error")


@pytest.mark.parametrize("key", [b"noisy", None])
@pytest.mark.parametrize("reason", ["invalid_event", "unknown_image", "internal_error"])
def test_one_sender_of_bad_events_does_not_stop_the_process(key: bytes | None, reason: str) -> None:
    guard = DeadLetterGuard(max_ratio=0.5, window=200)
    for number in range(5_000):
        guard.dead_letter(guard.arrived(key), reason)
        if number % 50 == 0:
            arrive(guard, "g")


def test_a_broken_deployment_stops_the_process_also_while_one_sender_floods_the_topic() -> None:
    guard = DeadLetterGuard(max_ratio=0.5, window=200)

    def flood() -> None:
        for _ in range(300):
            for _ in range(20):
                guard.dead_letter(guard.arrived(b"noisy"), "invalid_event")
            arrive(guard, "b")

    with pytest.raises(TooManyDeadLetters, match=r"of \d+ keys"):
        flood()


def test_bytes_that_are_no_event_do_not_stop_the_process_whatever_their_keys() -> None:
    guard = DeadLetterGuard(max_ratio=0.5, window=200)
    for number in range(2_000):
        guard.dead_letter(guard.arrived(b"%d" % number), "not_json")
    with pytest.raises(TooManyDeadLetters):
        arrive(guard, "b" * 200)
