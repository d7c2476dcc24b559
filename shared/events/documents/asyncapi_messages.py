"""The messages of the AsyncAPI document: payload, headers, key and examples of each event."""

import json
from collections.abc import Iterator
from typing import Any, Final

from shared.events.documents.examples_from_apps import FROM_APPS
from shared.events.documents.examples_from_us import FROM_US
from shared.events.documents.json_schemas import SENT_BY_APPS
from shared.events.topics import TOPICS, Topic
from shared.events.types.base import Event
from shared.events.wire.cloudevents import SOURCE, SPEC_VERSION
from shared.events.wire.codec import encode

JSON_TYPE: Final = "application/json"
SCHEMAS: Final = "#/components/schemas/"
EXAMPLES: Final[dict[type[Event], tuple[Event, Event]]] = {
    type(full): (full, minimal) for full, minimal in (*FROM_APPS, *FROM_US)
}
"""A full and a minimal event of each type."""

_ENVELOPE: Final[dict[str, dict[str, Any]]] = {
    "ce_specversion": {"type": "string", "const": SPEC_VERSION},
    "ce_id": {
        "type": "string",
        "minLength": 1,
        "description": "Becomes the event_id of an event that has none.",
    },
    "ce_source": {"type": "string", "minLength": 1, "description": f"`{SOURCE}` when we send."},
    "ce_type": {"type": "string", "description": "The name of the topic."},
    "ce_time": {
        "type": "string",
        "format": "date-time",
        "description": "Becomes the occurred_at of an event that has none.",
    },
    "content-type": {"type": "string"},
}
_NEEDED: Final = ("ce_id", "ce_source", "ce_type")
_WHY: Final[dict[str, str]] = {
    "x-error": "Why it was set aside: a short, stable name such as `invalid_event`.",
    "x-detail": "The same in words for a person: what, which, expected what, and what to do.",
    "x-source": "Where the record stood: topic/partition/offset.",
    "x-attempts": "How often it was tried.",
}
_KEYS: Final[dict[str, str]] = {
    "model.promoted.v1": "The model's name (user_id)",
    "dlq.resolved.v1": "The dead letter's topic/partition/offset (user_id)",
}
"""Of events that are about no person."""


def event_message(topic: Topic) -> dict[str, Any]:
    """The message on a topic of events."""
    assert topic.event is not None
    event = topic.event
    message: dict[str, Any] = {
        "name": topic.name,
        "title": event.__name__,
        "summary": f"{topic.purpose[0].upper()}{topic.purpose[1:]}.",
        "contentType": JSON_TYPE,
        "headers": {"$ref": f"{SCHEMAS}{_headers_name(topic)}"},
        "payload": {"$ref": f"{SCHEMAS}{event.__name__}"},
        "bindings": {"kafka": {"key": _key(topic), "bindingVersion": "0.5.0"}},
        "examples": [
            {"name": name, **example} for name, example in _examples(topic, *EXAMPLES[event])
        ],
    }
    if "request_id" in event.model_fields:
        message["correlationId"] = {
            "description": "The application's own id of the request.",
            "location": "$message.payload#/request_id",
        }
    return message


def dead_letter_message(topic: Topic) -> dict[str, Any]:
    """The message on the dead-letter topic of `topic`."""
    return {
        "name": topic.dead_letters,
        "title": "DeadLetter",
        "summary": f"A record of {topic.name} that could not be read or handled.",
        "contentType": "application/octet-stream",
        "headers": {"$ref": f"{SCHEMAS}DeadLetterHeaders"},
        "payload": {"description": f"The value's bytes as they stood on {topic.name}; any at all."},
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": "The record's key, unchanged."},
                "bindingVersion": "0.5.0",
            }
        },
        "examples": [
            {
                "name": "refused",
                "headers": {
                    "x-error": "not_json",
                    "x-detail": "the value is not JSON: Expecting value: line 1 column 1 (char 0)",
                    "x-source": f"{topic.name}/0/17",
                    "x-attempts": "1",
                },
                "payload": "not JSON at all",
            }
        ],
    }


def header_schemas() -> dict[str, dict[str, Any]]:
    """Schemas of the headers, by the name that messages refer to."""
    return {
        **{_headers_name(topic): _event_headers(topic) for topic in TOPICS},
        "DeadLetterHeaders": {
            "type": "object",
            "description": "Why and whence, beside the headers that the record came with.",
            "properties": {
                name: {"type": "string", "description": told} for name, told in _WHY.items()
            },
            "required": sorted(_WHY),
        },
    }


def _event_headers(topic: Topic) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "type": "object",
        "description": "CloudEvents 1.0 in binary mode; other headers are left alone.",
        "properties": {**_ENVELOPE, "ce_type": {"type": "string", "const": topic.name}},
    }
    if topic in SENT_BY_APPS:
        # All or none: plain JSON needs no headers, a CloudEvent needs its own.
        return schema | {"dependencies": {"ce_specversion": list(_NEEDED)}}
    return schema | {"required": sorted(_ENVELOPE)}


def _headers_name(topic: Topic) -> str:
    assert topic.event is not None
    return f"{topic.event.__name__}Headers"


def _key(topic: Topic) -> dict[str, Any]:
    whose = _KEYS.get(topic.name, "The user's id")
    return {
        "type": "string",
        "description": f"{whose}; outside the tenant `default` the tenant and U+001F before it.",
    }


def _examples(topic: Topic, full: Event, minimal: Event) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, event in (("full", full), ("minimal", minimal)):
        record = encode(event)
        assert record.value is not None
        headers = {key: (value or b"").decode() for key, value in record.headers}
        if topic in SENT_BY_APPS and event is minimal:
            yield name, {"payload": event.model_dump(mode="json", exclude_unset=True)}
        else:
            yield name, {"headers": headers, "payload": json.loads(record.value)}
