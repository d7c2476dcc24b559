"""Build the messages of the AsyncAPI document: payload, headers, key and examples of each event."""

import json
from collections.abc import Iterator
from typing import Any, Final

from shared.events.documents.examples_from_apps import FROM_APPS
from shared.events.documents.examples_from_preferstream import FROM_PREFERSTREAM
from shared.events.documents.json_schemas import SENT_BY_APPS
from shared.events.topics import TOPICS, Topic
from shared.events.types.base import Event
from shared.events.wire.cloudevents import SOURCE, SPEC_VERSION
from shared.events.wire.codec import encode

JSON_TYPE: Final = "application/json"
SCHEMAS: Final = "#/components/schemas/"
EXAMPLES: Final[dict[type[Event], tuple[Event, Event]]] = {
    type(full): (full, minimal) for full, minimal in (*FROM_APPS, *FROM_PREFERSTREAM)
}
"""A full and a minimal example of each event type."""

_ENVELOPE: Final[dict[str, dict[str, Any]]] = {
    "ce_specversion": {"type": "string", "const": SPEC_VERSION},
    "ce_id": {
        "type": "string",
        "minLength": 1,
        "description": "The event_id of an event that has no such field.",
    },
    "ce_source": {"type": "string", "minLength": 1, "description": f"`{SOURCE}` when we send."},
    "ce_type": {"type": "string", "description": "The name of the topic."},
    "ce_time": {
        "type": "string",
        "format": "date-time",
        "description": "The occurred_at of an event that has no such field.",
    },
    "content-type": {"type": "string"},
}
_REQUIRED: Final = ("ce_id", "ce_source", "ce_type")
_DEAD_LETTER_HEADERS: Final[dict[str, str]] = {
    "x-error": "The reason as a short, stable name such as `invalid_event`.",
    "x-detail": "The reason in words: what is wrong, where, what was expected, and what to do.",
    "x-source": "Position of the original record: topic/partition/offset.",
    "x-attempts": "Number of attempts.",
}
_KEYS: Final[dict[str, str]] = {
    "model.promoted.v1": "The model's name (user_id)",
    "image.catalog.v1": "The image's id (image_id)",
    "audience.matched.v1": "The image's id (image_id)",
    "dlq.resolved.v1": "The dead letter's topic/partition/offset (user_id)",
}
"""Keys of events that are not about a user."""


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
            "description": "The id that the application gave the request of this user and tenant.",
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
        "payload": {"description": f"The bytes of the original value on {topic.name}, unchanged."},
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": "The record's key, unchanged."},
                "bindingVersion": "0.5.0",
            }
        },
        "examples": [
            {
                "name": "not_json",
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
            "description": "Reason and origin, in addition to the headers of the original record.",
            "properties": {
                name: {"type": "string", "description": text}
                for name, text in _DEAD_LETTER_HEADERS.items()
            },
            "required": sorted(_DEAD_LETTER_HEADERS),
        },
    }


def _event_headers(topic: Topic) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "type": "object",
        "description": "CloudEvents 1.0 in binary mode; other headers are ignored.",
        "properties": {**_ENVELOPE, "ce_type": {"type": "string", "const": topic.name}},
    }
    if topic in SENT_BY_APPS:
        # Plain JSON needs no headers; a CloudEvent needs all of the required ones.
        return schema | {"dependencies": {"ce_specversion": list(_REQUIRED)}}
    return schema | {"required": sorted(_ENVELOPE)}


def _headers_name(topic: Topic) -> str:
    assert topic.event is not None
    return f"{topic.event.__name__}Headers"


def _key(topic: Topic) -> dict[str, Any]:
    key = _KEYS.get(topic.name, "The user's id")
    return {
        "type": "string",
        "description": f"{key}. Outside the tenant `default`, the tenant and U+001F precede it.",
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
