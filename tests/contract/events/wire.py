"""Build valid and malformed records as an application might send them."""

import json
from dataclasses import dataclass
from typing import Any, Final

from shared.events.wire.record import Header, Record

CANDIDATES: Final = "image.candidates.v1"
FEEDBACK: Final = "feedback.v1"
CORRECTIONS: Final = "profile.corrected.v1"
CATALOG: Final = "image.catalog.v1"
STRUCTURED: Final[tuple[Header, ...]] = (("content-type", b"application/cloudevents+json"),)
LEFT_OUT: Final = object()
"""As a field's value: leave the field out."""

_EVENT_ID: Final = "018f3a5e-7b1c-7d2e-9f40-000000000001"
ENVELOPE: Final = {"specversion": "1.0", "id": _EVENT_ID, "source": "/shop"}
_BASES: Final[dict[str, dict[str, Any]]] = {
    CANDIDATES: {
        "event_id": _EVENT_ID,
        "occurred_at": "2026-01-31T09:30:00Z",
        "user_id": "user-42",
        "request_id": "request-7",
        "candidates": [{"image_id": "img-1", "uri": "https://images.example.com/1.jpg"}],
    },
    FEEDBACK: {
        "event_id": _EVENT_ID,
        "occurred_at": "2026-01-31T09:30:00Z",
        "user_id": "user-42",
        "type": "like",
        "image_id": "img-1",
    },
    CATALOG: {
        "event_id": _EVENT_ID,
        "occurred_at": "2026-01-31T09:30:00Z",
        "image_id": "img-1",
        "uri": "https://images.example.com/1.jpg",
    },
    CORRECTIONS: {
        "event_id": _EVENT_ID,
        "occurred_at": "2026-01-31T09:30:00Z",
        "user_id": "user-42",
        "action": "pin",
        "element": "color",
        "word": "blue",
    },
}


@dataclass(frozen=True)
class Sent:
    """One record as sent, with a name that describes it."""

    name: str
    topic: str
    value: bytes | None
    key: bytes | None = b"user-42"
    headers: tuple[Header, ...] = ()

    def record(self) -> Record:
        return Record(self.topic, 0, 17, 1_769_851_800_000, self.key, self.value, self.headers)


def event(topic: str, **changes: Any) -> dict[str, Any]:
    """A valid event with some fields changed, added or left out."""
    merged = {**_BASES[topic], **changes}
    return {name: value for name, value in merged.items() if value is not LEFT_OUT}


def value(topic: str, **changes: Any) -> bytes:
    return json.dumps(event(topic, **changes)).encode()


def with_raw(topic: str, field: str, raw: bytes) -> bytes:
    """A valid event with `raw` as the value of one field; `raw` may not be JSON."""
    return value(topic, **{field: "@"}).replace(b'"@"', raw)


def candidate(**changes: Any) -> dict[str, Any]:
    """A valid candidate with some fields changed, added or left out."""
    merged = {"image_id": "img-1", "uri": "https://images.example.com/1.jpg", **changes}
    return {name: value for name, value in merged.items() if value is not LEFT_OUT}


def structured(topic: str, **changes: Any) -> bytes:
    """A valid event in a CloudEvents envelope, with some attributes changed or left out."""
    merged = {**ENVELOPE, "type": topic, "data": event(topic), **changes}
    return json.dumps({k: v for k, v in merged.items() if v is not LEFT_OUT}).encode()


def binary(topic: str, **changes: bytes | None) -> tuple[Header, ...]:
    """Headers of a valid CloudEvent in binary mode, some changed; b"-" leaves one out."""
    merged: dict[str, bytes | None] = {
        **{name: text.encode() for name, text in ENVELOPE.items()},
        "type": topic.encode(),
        **changes,
    }
    return tuple((f"ce_{name}", data) for name, data in merged.items() if data != b"-")
