"""Every malformed record is refused with a reason; every unusual but valid record is decoded."""

import json
import re
from collections.abc import Iterable
from typing import Any, Final

import pytest

from shared.domain.errors import Unprocessable
from shared.events.topics import topic_named
from shared.events.wire.codec import decode, encode
from tests.contract.events.malformed import MALFORMED, Malformed
from tests.contract.events.schemas import schema_validator
from tests.contract.events.unusual_records import UNUSUAL_RECORDS
from tests.contract.events.wire import Sent

MAX_DETAIL_CHARACTERS: Final = 500
NOT_IN_A_SCHEMA: Final = re.compile(
    r"separator of keys|with NUL|with DEL|line break|hour 24|before 1970|is created_after"
    r"|is available_from|brackets|lone surrogate|beyond floats"
)
"""Faults that JSON Schema, or its usual validators, do not detect."""
WITHOUT_FIELD: Final = re.compile(r"brackets|lone surrogate")
"""Faults that are refused before the fields are parsed."""


def _cases(cases: Iterable[Malformed | Sent]) -> list[Any]:
    return [pytest.param(case, id=case.name) for case in cases]


def _refusal(case: Malformed) -> Unprocessable:
    with pytest.raises(Unprocessable) as caught:
        decode(topic_named(case.topic), case.sent().record())
    return caught.value


def test_every_case_has_its_own_name() -> None:
    assert len(MALFORMED) >= 70
    assert len({case.name for case in MALFORMED}) == len(MALFORMED)
    assert len({case.name for case in UNUSUAL_RECORDS}) == len(UNUSUAL_RECORDS)


@pytest.mark.parametrize("case", _cases(MALFORMED))
def test_a_malformed_record_is_refused_with_its_reason(case: Malformed) -> None:
    assert _refusal(case).reason == case.expected_reason


@pytest.mark.parametrize("case", _cases(MALFORMED))
def test_the_detail_is_a_short_printable_sentence_without_internals(case: Malformed) -> None:
    detail = _refusal(case).detail
    assert len(detail.split()) >= 4
    assert len(detail) <= MAX_DETAIL_CHARACTERS
    assert detail.isprintable()
    detail.encode("utf-8")
    for word in ("pydantic", "http", "Traceback", "unhashable", "sys.", "<class", "has no len"):
        assert word not in detail


@pytest.mark.parametrize(
    "case",
    _cases(
        case
        for case in MALFORMED
        if case.expected_reason == "invalid_event" and not WITHOUT_FIELD.search(case.name)
    ),
)
def test_the_detail_names_the_field(case: Malformed) -> None:
    named = case.name.removeprefix(f"{case.topic}: ")
    fields = [field for field in _fields(case.topic) if re.search(rf"\b{field}\b", named)]
    detail = _refusal(case).detail
    assert any(re.search(rf"\b{field}\b", detail) for field in fields or _fields(case.topic))


@pytest.mark.parametrize(
    "case",
    _cases(
        case
        for case in MALFORMED
        if case.expected_reason == "invalid_event"
        and not case.headers
        and not NOT_IN_A_SCHEMA.search(case.name)
    ),
)
def test_the_published_schema_refuses_a_malformed_record_too(case: Malformed) -> None:
    assert not schema_validator(topic_named(case.topic)).is_valid(json.loads(case.value or b""))


@pytest.mark.parametrize("case", _cases(UNUSUAL_RECORDS))
def test_an_unusual_record_is_decoded_and_can_be_encoded_again(case: Sent) -> None:
    topic = topic_named(case.topic)
    event = decode(topic, case.record())
    assert type(event) is topic.event
    sent = encode(event)
    again = Sent(case.name, sent.topic, sent.value, sent.key, sent.headers)
    assert decode(topic, again.record()) == event


@pytest.mark.parametrize("case", _cases(case for case in UNUSUAL_RECORDS if not case.headers))
def test_the_published_schema_accepts_an_unusual_record(case: Sent) -> None:
    schema_validator(topic_named(case.topic)).validate(json.loads(case.value or b""))


def test_a_missing_id_and_time_are_taken_from_the_cloudevents_headers() -> None:
    cases: dict[str, Any] = {case.name: case for case in UNUSUAL_RECORDS}
    case = cases["binary CloudEvent with the id and time of the event"]
    event = decode(topic_named(case.topic), case.record())
    assert str(event.event_id) == "018f3a5e-7b1c-7d2e-9f40-000000000001"
    assert event.occurred_at.isoformat() == "2026-01-31T09:30:00+00:00"


def test_a_redelivered_cloudevent_with_an_id_that_is_no_uuid_is_the_same_event() -> None:
    cases: dict[str, Any] = {case.name: case for case in UNUSUAL_RECORDS}
    case = cases["binary CloudEvent with an id that is no UUID"]
    topic = topic_named(case.topic)
    assert decode(topic, case.record()) == decode(topic, case.record())


def _fields(topic: str) -> list[str]:
    schema = schema_validator(topic_named(topic)).schema
    parts = schema.get("$defs", {}).values()
    return [name for part in (schema, *parts) for name in part.get("properties", ())]
