"""What goes back is the record as it came, or mended; what would fail again stays."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.dead_letters import AlreadyResolved, CannotReplay, Letter, Wanted
from shared.dead_letters.resolve import Who, ensure_open, going_back, resolution_of
from shared.domain.errors import Unprocessable
from shared.events.wire.codec import encode
from shared.events.wire.record import Record
from shared.messaging.consume.dead_letters import dead_letter
from tests.contract.events.wire import FEEDBACK, binary, value

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
WHO = Who(NOW, by="operator", note="mended")


def letter(
    data: bytes | None = None, *, reason: str = "internal_error", key: bytes = b"user-42"
) -> Letter:
    """As if a service had set a record of feedback aside."""
    source = Record(
        FEEDBACK, 2, 17, 0, key, value(FEEDBACK) if data is None else data,
        (*binary(FEEDBACK), ("traceparent", b"00-abc")),
    )  # fmt: skip
    sent = dead_letter(source, Unprocessable(reason, "it says why"), attempts=3)
    written_ms = round(NOW.timestamp() * 1000)
    return Letter(Record(sent.topic, 1, 5, written_ms, sent.key, sent.value, sent.headers))


def test_a_letter_says_what_why_and_whence() -> None:
    told = letter().plain()
    assert told["id"] == "feedback.v1.dlq/1/5"
    assert (told["topic"], told["reason"], told["detail"]) == (
        "feedback.v1", "internal_error", "it says why",
    )  # fmt: skip
    assert (told["source"], told["attempts"], told["key"]) == ("feedback.v1/2/17", "3", "user-42")
    assert told["headers"]["traceparent"] == "00-abc"
    assert not {"x-error", "x-detail"} & told["headers"].keys()


def test_a_value_that_is_no_text_is_told_in_base64() -> None:
    told = letter(b"\xff\x00").plain()
    assert (told["value"], told["value_base64"]) == (None, "/wA=")


def test_a_record_goes_back_byte_for_byte_and_says_where_it_comes_from() -> None:
    back = going_back(letter())
    assert (back.topic, back.key, back.value) == (FEEDBACK, b"user-42", value(FEEDBACK))
    assert dict(back.headers)["traceparent"] == b"00-abc"
    assert dict(back.headers)["x-replayed-from"] == b"feedback.v1.dlq/1/5"
    assert "x-error" not in dict(back.headers)


def test_what_cannot_be_read_stays_unless_it_is_mended_or_sent_anyway() -> None:
    broken = letter(value(FEEDBACK, type="adore"), reason="invalid_event")
    with pytest.raises(CannotReplay, match="set aside again: type"):
        going_back(broken)
    with pytest.raises(CannotReplay, match="set aside again"):
        going_back(broken, value=b"still no JSON")
    assert going_back(broken, anyway=True).value == broken.record.value
    assert going_back(broken, value=value(FEEDBACK)).value == value(FEEDBACK)


def test_a_mended_value_has_its_own_key_and_no_old_envelope() -> None:
    back = going_back(letter(b"{"), value=value(FEEDBACK, user_id="someone-else"))
    assert back.key == b"someone-else"
    assert set(dict(back.headers)) == {"traceparent", "x-replayed-from"}


def test_a_letter_that_lost_its_value_says_so() -> None:
    lost = letter()
    lost = replace(lost, record=replace(lost.record, value=None))
    with pytest.raises(CannotReplay, match="no value to send"):
        going_back(lost)
    assert going_back(lost, value=value(FEEDBACK)).value == value(FEEDBACK)


def test_a_letter_that_was_dealt_with_says_when_and_by_whom() -> None:
    ensure_open(letter())
    done = replace(letter(), resolved=resolution_of(letter(), "dropped", WHO))
    with pytest.raises(AlreadyResolved, match="was dropped at 2026-01-31 09:30 UTC by operator"):
        ensure_open(done)


def test_what_is_said_of_a_letter_is_keyed_by_its_place() -> None:
    said = resolution_of(letter(), "replayed", WHO, fixed=True)
    assert encode(said).key == b"feedback.v1.dlq/1/5"
    assert (said.letter, said.reason, said.fixed) == (
        "feedback.v1.dlq/1/5", "internal_error", True,
    )  # fmt: skip
    assert said == resolution_of(letter(), "replayed", WHO, fixed=True)


@pytest.mark.parametrize(
    ("wanted", "taken"),
    [
        (Wanted(), True),
        (Wanted(topic="feedback.v1", reason="internal_error"), True),
        (Wanted(topic="user.erase.v1"), False),
        (Wanted(reason="not_json"), False),
        (Wanted(since=NOW, until=NOW), True),
        (Wanted(since=NOW + timedelta(seconds=1)), False),
        (Wanted(until=NOW - timedelta(seconds=1)), False),
        (Wanted(text="user-42"), True),
        (Wanted(text="says why"), True),
        (Wanted(text="SAYS Why"), True),
        (Wanted(text="user-43"), False),
    ],
)
def test_which_letters_are_wanted(wanted: Wanted, taken: bool) -> None:
    assert wanted.takes(letter()) is taken


def test_letters_that_were_dealt_with_are_wanted_on_demand_alone() -> None:
    done = replace(letter(), resolved=resolution_of(letter(), "dropped", WHO))
    assert not Wanted().takes(done)
    assert Wanted(resolved=True).takes(done)
