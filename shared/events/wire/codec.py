"""Decode Kafka records into events and encode events into records."""

import json
from datetime import datetime
from functools import partial
from typing import Any

from pydantic import ValidationError

from shared.domain.clock import system_clock
from shared.domain.errors import Unprocessable
from shared.events.topics import Topic
from shared.events.types.base import Event
from shared.events.types.candidates import ImageCandidates
from shared.events.types.fields import now_context
from shared.events.wire.bad_candidates import without_bad_candidates
from shared.events.wire.cloudevents import Envelope, binary_headers, read_envelope
from shared.events.wire.record import Header, Outgoing, Record
from shared.events.wire.validation_problems import describe_problems


def decode(topic: Topic, record: Record, *, now: datetime | None = None) -> Event:
    """The event in a record of `topic`; raises only `Unprocessable`.

    A time that is more than 24 hours ahead of `now` is refused. `now` is the reader's time, by
    default that of the system clock: a record that is read later may be valid then.

    Reasons: `no_value`, `not_utf8`, `not_json`, `not_an_object`, `bad_cloudevent`,
    `wrong_event_type`, `invalid_event`, and those of unreadable records. A candidate that breaks
    the contract costs itself alone: it moves to the request's `rejected`.
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
    _fill_in(fields, envelope)
    try:
        return _event(topic.event, fields, now)
    except ValidationError as error:
        raise Unprocessable(
            "invalid_event", f"{describe_problems(error)}; see the schema of {topic.name}"
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


def _event(kind: type[Event], fields: dict[str, Any], now: datetime) -> Event:
    # As JSON text: only strict JSON validation accepts arrays as tuples and texts as dates.
    validate = partial(kind.model_validate_json, strict=True, context=now_context(now))
    try:
        return validate(json.dumps(fields))
    except ValidationError:
        kept = without_bad_candidates(fields, now=now) if kind is ImageCandidates else None
        if kept is None:
            raise
    return validate(json.dumps(kept))


def _fill_in(fields: dict[str, Any], envelope: Envelope) -> None:
    """Set a missing id or time to the one of the envelope."""
    if envelope.event_id is not None:
        fields.setdefault("event_id", envelope.event_id)
    if envelope.occurred_at is not None:
        fields.setdefault("occurred_at", envelope.occurred_at)
