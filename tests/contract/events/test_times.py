"""Which notations of a time are read, as which time, and the limits of each time of an event."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from pydantic import ValidationError

from shared.client import action, correction, erasure, request
from shared.domain.errors import Unprocessable
from shared.events import Candidate, ImageCandidates
from shared.events.documents.json_schemas import schema_of
from shared.events.topics import CANDIDATES, FEEDBACK, Topic
from shared.events.wire.codec import decode, encode
from shared.events.wire.record import Record
from tests.contract.events import wire
from tests.contract.events.golden_events import Golden, golden_events

NOW: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)

READ: Final = {
    "2026-01-31T09:30:00Z": "2026-01-31T09:30:00+00:00",
    "2026-01-31t09:30:00z": "2026-01-31T09:30:00+00:00",
    "2026-01-31 09:30:00Z": "2026-01-31T09:30:00+00:00",
    "2026-01-31T09:30:00-00:00": "2026-01-31T09:30:00+00:00",
    "2026-01-31T09:30:00+05:30": "2026-01-31T04:00:00+00:00",
    "2026-01-31T09:30:00.5Z": "2026-01-31T09:30:00.500000+00:00",
    "2026-01-31T09:30:00.123456789Z": "2026-01-31T09:30:00.123456+00:00",
    "2026-01-31T09:30:00+23:59": "2026-01-30T09:31:00+00:00",
    "1970-01-01T00:00:00Z": "1970-01-01T00:00:00+00:00",
    "1970-01-01T14:00:00+14:00": "1970-01-01T00:00:00+00:00",
    "2016-12-31T23:59:60Z": "2017-01-01T00:00:00+00:00",
    "2016-12-31t23:59:60z": "2017-01-01T00:00:00+00:00",
    "2016-12-31T23:59:60.75Z": "2017-01-01T00:00:00.750000+00:00",
    "2016-12-31T15:59:60-08:00": "2017-01-01T00:00:00+00:00",
    "2017-01-01T05:29:60+05:30": "2017-01-01T00:00:00+00:00",
    "2012-06-30T23:59:60Z": "2012-07-01T00:00:00+00:00",
    "2024-02-28T23:59:60Z": "2024-02-29T00:00:00+00:00",
    "2026-01-31T09:30:60.000Z": "2026-01-31T09:31:00+00:00",
}
"""By notation: the time in UTC. A second 60 within the day is a time that was rounded up."""

REFUSED: Final = {
    "2026-01-31T24:00:00Z": "send 00:00:00 of the next day",
    "2026-01-31T24:00:00+02:00": "send 00:00:00 of the next day",
    "2016-12-31T23:59:61Z": "second 61 does not exist",
    "2026-01-31T09:30:00,5Z": "a decimal point must separate the fraction",
    "2026-01-31T09:30:00.1234567890Z": "more than nine digits",
    "2026-01-31T09:30Z": "the seconds are missing",
    "2026-01-31T09:30:00": "the zone is missing",
    "2026-01-31": "the time of day and the zone are missing",
    "2026-W05-6T09:30:00Z": "week dates are not RFC 3339",
    "2026-031T09:30:00Z": "days of the year are not RFC 3339",
    "20260131T093000Z": "expected an RFC 3339 time",
    "2026-01-31T09:30:00+0100": "the offset must have hours and minutes",
    "2026-01-31T09:30:00+01": "the offset must have hours and minutes",
    "2026-01-31T09:30:00+99:99": r"the offset \+99:99 does not exist",
    "2026-01-31T09:30:00+24:00": r"the offset \+24:00 does not exist",
    "2026-01-31T09:30:00-01:60": "the offset -01:60 does not exist",
    "2026-02-30T09:30:00Z": "there is no such time",
    "2026-01-31T09:60:00Z": "there is no such time",
    "0000-01-01T00:00:00Z": "there is no such time",
    "0001-01-01T00:00:00Z": "the time is before 1970",
    "1969-12-31T23:59:59.999999Z": "the time is before 1970",
    "1970-01-01T00:00:00+14:00": "the time is before 1970",
    "0001-01-01T00:00:00+14:00": "outside the years 1 to 9999",
    "9999-12-31T23:59:59-05:00": "outside the years 1 to 9999",
    "9999-12-31T23:59:60Z": "outside the years 1 to 9999",
    "9999-12-31T23:59:59Z": "more than 24 hours in the future",
    "2026-03-02T12:00:00.000001Z": "more than 24 hours in the future",
    "20260131": "expected an RFC 3339 time",
    "٢٠٢٦-01-31T09:30:00Z": "expected an RFC 3339 time",
    "now": "expected an RFC 3339 time",
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), READ.items())
def test_a_time_is_read_as_utc(text: str, expected: str) -> None:
    record = wire.Sent("time", wire.FEEDBACK, wire.value(wire.FEEDBACK, occurred_at=text)).record()
    event = decode(FEEDBACK, record, now=NOW)
    assert event.occurred_at.isoformat() == expected
    assert json.loads(encode(event).value or b"")["occurred_at"].endswith("Z")


@pytest.mark.parametrize(("text", "reason"), REFUSED.items())
def test_a_time_is_refused_with_what_is_wrong(text: str, reason: str) -> None:
    record = wire.Sent("time", wire.FEEDBACK, wire.value(wire.FEEDBACK, occurred_at=text)).record()
    with pytest.raises(Unprocessable, match=reason) as refused:
        decode(FEEDBACK, record, now=NOW)
    assert refused.value.reason == "invalid_event"
    assert "occurred_at" in refused.value.detail


@pytest.mark.parametrize(("text", "reason"), REFUSED.items())
@pytest.mark.parametrize("has_own_time", [True, False], ids=["also in the event", "only there"])
@pytest.mark.parametrize("structured", [True, False], ids=["structured", "binary"])
def test_the_time_of_a_cloudevent_has_the_same_limits(
    text: str, reason: str, has_own_time: bool, structured: bool
) -> None:
    own = "2026-01-31T09:30:00Z" if has_own_time else wire.LEFT_OUT
    if structured:
        value = json.loads(wire.structured(wire.FEEDBACK, time=text))
        if not has_own_time:
            value["data"].pop("occurred_at")
        record = Record(FEEDBACK.name, 0, 0, 0, None, json.dumps(value).encode(), wire.STRUCTURED)
    else:
        headers = wire.binary(wire.FEEDBACK, time=text.encode())
        value_bytes = wire.value(wire.FEEDBACK, occurred_at=own)
        record = Record(FEEDBACK.name, 0, 0, 0, None, value_bytes, headers)
    with pytest.raises(Unprocessable, match=reason) as refused:
        decode(FEEDBACK, record, now=NOW)
    assert refused.value.reason == "bad_cloudevent"


@pytest.mark.parametrize(("text", "expected"), READ.items())
def test_the_time_of_a_cloudevent_is_the_time_of_an_event_without_one(
    text: str, expected: str
) -> None:
    value = wire.value(wire.FEEDBACK, occurred_at=wire.LEFT_OUT)
    headers = wire.binary(wire.FEEDBACK, time=text.encode())
    event = decode(FEEDBACK, Record(FEEDBACK.name, 0, 0, 0, None, value, headers), now=NOW)
    assert event.occurred_at.isoformat() == expected


def _moments(value: Any) -> list[tuple[str | int, ...]]:
    """The paths of all times in a value; a text with a `T` and a zone is one."""
    if isinstance(value, dict):
        children: list[tuple[str | int, Any]] = list(value.items())
    else:
        children = list(enumerate(value)) if isinstance(value, list) else []
    paths = [(name, *path) for name, child in children for path in _moments(child)]
    is_time = isinstance(value, str) and value[4:5] == "-" and value.endswith("Z") and "T" in value
    return [*paths, ()] if is_time else paths


def _with(value: Any, path: tuple[str | int, ...], time: str) -> Any:
    if not path:
        return time
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _with(value[path[0]], path[1:], time)
    return copy


PLANNED = {"available_from", "available_until", "created_after", "created_before"}
"""Times that an app plans or filters by; they may be in the future."""
PLANNABLE = {"9999-12-31T23:59:59Z", "1969-12-31T23:59:59Z", "2026-03-02T12:00:01Z"}


@pytest.mark.parametrize(
    "golden", golden_events(), ids=lambda golden: f"{golden.topic.name}-{golden.name}"
)
@pytest.mark.parametrize(
    "time",
    [
        "9999-12-31T23:59:59-05:00", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00", "2026-01-31T09:30:00+99:99", "1969-12-31T23:59:59Z",
        "2026-03-02T12:00:01Z",
    ],
)  # fmt: skip
def test_every_time_of_every_event_is_bounded(golden: Golden, time: str) -> None:
    topic, value = golden.topic, json.loads(golden.value)
    paths = _moments(value)
    assert ("occurred_at",) in paths
    for path in paths:
        if path[-1] in PLANNED and time in PLANNABLE:
            continue
        text = json.dumps(_with(value, path, time)).encode()
        assert not _is_accepted(Record(topic.name, 0, 0, 0, None, text), topic)


def _is_accepted(record: Record, topic: Topic) -> bool:
    """Whether an event is read whole: a wrong candidate costs the request or itself."""
    try:
        event = decode(topic, record, now=NOW)
    except Unprocessable:
        return False
    sent = json.loads(record.value or b"")
    return not isinstance(event, ImageCandidates) or len(event.candidates) == len(
        sent["candidates"]
    )


@pytest.mark.parametrize(
    ("time", "is_accepted"),
    [("2016-12-31T23:59:60Z", True), ("9999-12-31T23:59:59-05:00", False), ("2026-01-31", False)],
)
def test_the_time_of_a_candidate_is_bounded(time: str, is_accepted: bool) -> None:
    candidate = {"image_id": "a", "uri": "https://images.example/a.png", "created_at": time}
    value = wire.value(wire.CANDIDATES, candidates=[candidate])
    record = Record(CANDIDATES.name, 0, 0, 0, None, value)
    assert _is_accepted(record, CANDIDATES) is is_accepted


def test_a_clock_difference_of_a_day_refuses_no_event() -> None:
    for hours in (-24 * 365 * 30, -25, -1, 0, 1, 23.9):
        time = (NOW + timedelta(hours=hours)).isoformat()
        value = wire.value(wire.FEEDBACK, occurred_at=time)
        decode(FEEDBACK, Record(FEEDBACK.name, 0, 0, 0, None, value), now=NOW)


def test_the_limit_moves_with_the_clock_of_the_reader() -> None:
    value = wire.value(wire.FEEDBACK, occurred_at=(NOW + timedelta(days=3)).isoformat())
    record = Record(FEEDBACK.name, 0, 0, 0, None, value)
    with pytest.raises(Unprocessable, match="in the future"):
        decode(FEEDBACK, record, now=NOW)
    assert decode(FEEDBACK, record, now=NOW + timedelta(days=2))


def test_without_a_given_time_the_system_clock_is_the_limit() -> None:
    value = wire.value(wire.FEEDBACK, occurred_at="9000-01-01T00:00:00Z")
    with pytest.raises(Unprocessable, match="in the future"):
        decode(FEEDBACK, Record(FEEDBACK.name, 0, 0, 0, None, value))


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59-05:00", datetime.max.replace(tzinfo=UTC)])
def test_the_clients_refuse_a_time_in_the_future(time: object) -> None:
    with pytest.raises(ValidationError, match="occurred_at"):
        action("ada", "like", "a", occurred_at=time)
    with pytest.raises(ValidationError, match="occurred_at"):
        request("ada", {"a": "mem:a"}, occurred_at=time)
    with pytest.raises(ValidationError, match="occurred_at"):
        erasure("ada", occurred_at=time)
    with pytest.raises(ValidationError, match="occurred_at"):
        correction("ada", "reset", occurred_at=time)
    with pytest.raises(ValidationError, match="created_at"):
        Candidate.model_validate(
            {"image_id": "a", "uri": "mem:a", "created_at": "9999-01-01T00:00:00Z"}
        )


def test_the_schema_names_the_format_that_is_read() -> None:
    occurred_at = schema_of(FEEDBACK)["properties"]["occurred_at"]
    assert occurred_at["format"] == "date-time"
    assert "24 hours ahead" in occurred_at["description"]
