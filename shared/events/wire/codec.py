"""Turn records into events and events into records: the one door of the public contract."""

import json
from typing import Any, Final

from pydantic import ValidationError

from shared.domain.errors import Unprocessable
from shared.events.topics import Topic
from shared.events.types.base import Event
from shared.events.wire.cloudevents import Envelope, binary_headers, opened
from shared.events.wire.record import Header, Outgoing, Record

PROBLEMS_TOLD: Final = 3
"""Problems named in one detail; the rest are counted."""


def decode(topic: Topic, record: Record) -> Event:
    """The event in a record of `topic`; raises `Unprocessable`, and nothing else.

    Reasons: `no_value`, `not_utf8`, `not_json`, `not_an_object`, `bad_cloudevent`,
    `wrong_event_type`, `invalid_event`.
    """
    if topic.event is None:
        raise TypeError(f"{topic.name} carries dead letters, which stay bytes")
    if record.value is None:
        raise Unprocessable(
            "no_value", f"the record has no value; {topic.name} takes a JSON object"
        )
    envelope, fields = opened(record)
    if envelope.type is not None and envelope.type != topic.event.event_type:
        raise Unprocessable(
            "wrong_event_type",
            f"the CloudEvent's type is {envelope.type[:80]!r}, but {topic.name} takes"
            f" {topic.event.event_type!r}; send it to its own topic",
        )
    try:
        # As JSON text, since strict validation of JSON takes arrays and texts for what they mean.
        return topic.event.model_validate_json(_text(fields, envelope), strict=True)
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
    """The event's fields as JSON; an id or a moment it lacks is taken from the envelope."""
    if envelope.event_id is not None:
        fields.setdefault("event_id", envelope.event_id)
    if envelope.occurred_at is not None:
        fields.setdefault("occurred_at", envelope.occurred_at)
    return json.dumps(fields)


def _problems(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_input=False)
    told = []
    for problem in found[:PROBLEMS_TOLD]:
        where = ".".join(str(part)[:40] for part in problem["loc"]) or "the event"
        told.append(f"{where}: {problem['msg'].removeprefix('Value error, ')[:120]}")
    rest = len(found) - len(told)
    text = "; ".join(told) + (f"; and {rest} more" if rest > 0 else "")
    # Names of fields are the sender's; nothing in them may break a line of a log.
    return "".join(c if c.isprintable() else "�" for c in text)
