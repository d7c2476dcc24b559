"""A replay sends the unchanged or corrected record; a record that would fail again stays."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.dead_letters import AlreadyResolved, CannotReplay, DeadLetter, DeadLetterFilter
from shared.dead_letters.replay_rules import (
    ResolutionNote,
    ensure_open,
    replay_record,
    resolution_event,
)
from shared.domain.errors import Unprocessable
from shared.events.wire.codec import encode
from shared.events.wire.record import Record
from shared.messaging.consume.dead_letter_record import dead_letter
from tests.contract.events.wire import FEEDBACK, binary, value

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
NOTE = ResolutionNote(NOW, by="operator", note="corrected")


def letter(
    data: bytes | None = None, *, reason: str = "internal_error", key: bytes = b"user-42"
) -> DeadLetter:
    """A dead letter as a service makes it from a feedback record."""
    source = Record(
        FEEDBACK, 2, 17, 0, key, value(FEEDBACK) if data is None else data,
        (*binary(FEEDBACK), ("traceparent", b"00-abc")),
    )  # fmt: skip
    sent = dead_letter(source, Unprocessable(reason, "the text says why"), attempts=3)
    written_ms = round(NOW.timestamp() * 1000)
    return DeadLetter(Record(sent.topic, 1, 5, written_ms, sent.key, sent.value, sent.headers))


def test_a_dead_letter_has_record_reason_and_source() -> None:
    fields = letter().as_dict()
    assert fields["id"] == "feedback.v1.dlq/1/5"
    assert (fields["topic"], fields["reason"], fields["detail"]) == (
        "feedback.v1", "internal_error", "the text says why",
    )  # fmt: skip
    assert (fields["source"], fields["attempts"], fields["key"]) == (
        "feedback.v1/2/17",
        "3",
        "user-42",
    )
    assert fields["headers"]["traceparent"] == "00-abc"
    assert not {"x-error", "x-detail"} & fields["headers"].keys()


def test_a_value_that_is_not_utf8_is_in_base64() -> None:
    fields = letter(b"\xff\x00").as_dict()
    assert (fields["value"], fields["value_base64"]) == (None, "/wA=")


def test_a_record_is_replayed_byte_for_byte_with_the_id_of_its_dead_letter() -> None:
    replayed = replay_record(letter())
    assert (replayed.topic, replayed.key, replayed.value) == (FEEDBACK, b"user-42", value(FEEDBACK))
    assert dict(replayed.headers)["traceparent"] == b"00-abc"
    assert dict(replayed.headers)["x-replayed-from"] == b"feedback.v1.dlq/1/5"
    assert "x-error" not in dict(replayed.headers)


def test_an_undecodable_record_is_replayed_only_with_a_corrected_value_or_force() -> None:
    broken = letter(value(FEEDBACK, type="adore"), reason="invalid_event")
    with pytest.raises(CannotReplay, match="dead letter again: type"):
        replay_record(broken)
    with pytest.raises(CannotReplay, match="dead letter again"):
        replay_record(broken, value=b"still no JSON")
    assert replay_record(broken, force=True).value == broken.record.value
    assert replay_record(broken, value=value(FEEDBACK)).value == value(FEEDBACK)


def test_a_corrected_value_has_its_own_key_and_no_old_envelope() -> None:
    replayed = replay_record(letter(b"{"), value=value(FEEDBACK, user_id="someone-else"))
    assert replayed.key == b"someone-else"
    assert set(dict(replayed.headers)) == {"traceparent", "x-replayed-from"}


def test_a_dead_letter_without_a_value_needs_a_value() -> None:
    lost = letter()
    lost = replace(lost, record=replace(lost.record, value=None))
    with pytest.raises(CannotReplay, match="no value to send"):
        replay_record(lost)
    assert replay_record(lost, value=value(FEEDBACK)).value == value(FEEDBACK)


def test_a_resolved_dead_letter_reports_time_and_operator() -> None:
    ensure_open(letter())
    resolved = replace(letter(), resolved=resolution_event(letter(), "dropped", NOTE))
    with pytest.raises(AlreadyResolved, match="was dropped at 2026-01-31 09:30 UTC by operator"):
        ensure_open(resolved)


def test_a_resolution_event_is_keyed_by_the_dead_letter_id() -> None:
    event = resolution_event(letter(), "replayed", NOTE, fixed=True)
    assert encode(event).key == b"feedback.v1.dlq/1/5"
    assert (event.letter, event.reason, event.fixed) == (
        "feedback.v1.dlq/1/5", "internal_error", True,
    )  # fmt: skip
    assert event == resolution_event(letter(), "replayed", NOTE, fixed=True)


@pytest.mark.parametrize(
    ("wanted", "matches"),
    [
        (DeadLetterFilter(), True),
        (DeadLetterFilter(topic="feedback.v1", reason="internal_error"), True),
        (DeadLetterFilter(topic="user.erase.v1"), False),
        (DeadLetterFilter(reason="not_json"), False),
        (DeadLetterFilter(since=NOW, until=NOW), True),
        (DeadLetterFilter(since=NOW + timedelta(seconds=1)), False),
        (DeadLetterFilter(until=NOW - timedelta(seconds=1)), False),
        (DeadLetterFilter(text="user-42"), True),
        (DeadLetterFilter(text="says why"), True),
        (DeadLetterFilter(text="SAYS Why"), True),
        (DeadLetterFilter(text="user-43"), False),
    ],
)
def test_the_filter_selects_dead_letters(wanted: DeadLetterFilter, matches: bool) -> None:
    assert wanted.matches(letter()) is matches


def test_resolved_dead_letters_are_selected_only_on_request() -> None:
    resolved = replace(letter(), resolved=resolution_event(letter(), "dropped", NOTE))
    assert not DeadLetterFilter().matches(resolved)
    assert DeadLetterFilter(resolved=True).matches(resolved)
