"""Decode Kafka records into events and encode events into records."""

import json
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError

from shared.domain.clock import system_clock
from shared.domain.errors import Unprocessable
from shared.events.topics import Topic
from shared.events.types.base import Event
from shared.events.types.fields import NOW
from shared.events.wire.cloudevents import Envelope, binary_headers, read_envelope
from shared.events.wire.record import Header, Outgoing, Record

LISTED_PROBLEMS: Final = 3
"""Validation problems that one error message lists; the rest are counted."""
MAX_PROBLEM_CHARACTERS: Final = 200


def decode(topic: Topic, record: Record, *, now: datetime | None = None) -> Event:
    """The event in a record of `topic`; raises only `Unprocessable`.

    A time that is more than 24 hours ahead of `now` is refused. `now` is the reader's time, by
    default that of the system clock: a record that is read later may be valid then.

    Reasons: `no_value`, `not_utf8`, `not_json`, `not_an_object`, `bad_cloudevent`,
    `wrong_event_type`, `invalid_event`, and those of unreadable records.
    """
    if topic.event is None:
        raise TypeError(f"{topic.name} carries dead letters, which are not decoded")
    if record.unreadable is not None:
        raise Unprocessable(record.unreadable.reason, record.unreadable.detail)
    if record.value is None:
        raise Unprocessable(
            "no_value", f"the record has no value; {topic.name} takes a JSON object"
        )
    now = now or system_clock()
    envelope, fields = read_envelope(record, now=now)
    if envelope.type is not None and envelope.type != topic.event.event_type:
        raise Unprocessable(
            "wrong_event_type",
            f"the CloudEvent's type is {envelope.type[:80]!r}, but {topic.name} takes"
            f" {topic.event.event_type!r}; send it to its own topic",
        )
    try:
        # As JSON text: only strict JSON validation accepts arrays as tuples and texts as dates.
        return topic.event.model_validate_json(
            _text(fields, envelope), strict=True, context={NOW: now}
        )
    except ValidationError as error:
        raise Unprocessable(
            "invalid_event", f"{_problems(error)}; see the schema of {topic.name}"
        ) from error


def encode(event: Event, *, extra_headers: tuple[Header, ...] = ()) -> Outgoing:
    """The record of an event: compact JSON, CloudEvents headers, keyed by user."""
    headers = binary_headers(
        event_type=event.event_type,
        event_id=event.event_id,
        occurred_at=event.occurred_at.isoformat().replace("+00:00", "Z"),
    )
    return Outgoing(
        topic=event.event_type,
        key=event.key.encode(),
        value=event.model_dump_json().encode(),
        headers=headers + extra_headers,
    )


def _text(fields: dict[str, Any], envelope: Envelope) -> str:
    """The event's fields as JSON; a missing id or time comes from the envelope."""
    if envelope.event_id is not None:
        fields.setdefault("event_id", envelope.event_id)
    if envelope.occurred_at is not None:
        fields.setdefault("occurred_at", envelope.occurred_at)
    return json.dumps(fields)


def _problems(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_input=False)
    lines = []
    for problem in problems[:LISTED_PROBLEMS]:
        field = ".".join(str(part)[:40] for part in problem["loc"]) or "the event"
        message = problem["msg"].removeprefix("Value error, ")
        lines.append(f"{field}: {message[:MAX_PROBLEM_CHARACTERS]}")
    rest = len(problems) - len(lines)
    text = "; ".join(lines) + (f"; and {rest} more" if rest > 0 else "")
    # The sender chooses field names: a control character must not break a line of the log.
    return "".join(c if c.isprintable() else "�" for c in text)
