"""Read topics, fields and examples from the AsyncAPI document, for the documentation page."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from shared.events.documents.asyncapi import document
from shared.events.documents.json_schemas import SENT_BY_APPS
from shared.events.topics import TOPICS, Topic

COMMON: Final[Mapping[str, str]] = {
    "event_id": "Id of the event. A duplicate with the same id has no further effect.",
    "user_id": "The user of the event; part of the record's key.",
    "tenant": "Separates the users and images of different apps. Default: `default`.",
    "request_id": "Your own id of a request of this user. Its feed has the same id.",
    "image_id": "Your own id of an image, unique within a tenant.",
    "candidates": "The images to rank, each with its id and its address.",
    "explain": "Which images get rationales: none, the best few, or all.",
    "exclude_ids": "Images to leave out.",
    "uri": "Address of the image: https, s3, file under an allowed root, or `data:` base64.",
    "model_version": "The model that assessed the images.",
}
"""Descriptions of fields that have no docstring in the code."""


@dataclass(frozen=True)
class FieldLine:
    """One field of an event."""

    name: str
    kind: str
    required: bool
    about: str


@dataclass(frozen=True)
class Example:
    """One example event."""

    name: str
    text: str


@dataclass(frozen=True)
class TopicDocs:
    """One topic with its fields and examples."""

    topic: Topic
    sent_by_apps: bool
    about: str
    key: str
    fields: Sequence[FieldLine]
    examples: Sequence[Example]


@cache
def topics() -> tuple[TopicDocs, ...]:
    """Return all topics; first the topics that apps write to."""
    all_topics = [_read(topic, document()) for topic in TOPICS]
    return tuple(sorted(all_topics, key=lambda docs: not docs.sent_by_apps))


def _read(topic: Topic, contract: Mapping[str, Any]) -> TopicDocs:
    message = contract["components"]["messages"][topic.name]
    schema = _resolved(message["payload"], contract)
    required = set(schema.get("required", ()))
    return TopicDocs(
        topic=topic,
        sent_by_apps=topic in SENT_BY_APPS,
        about=contract["channels"][topic.name]["description"],
        key=message["bindings"]["kafka"]["key"]["description"],
        fields=[
            FieldLine(name, kind(field), name in required, _about(name, field, contract))
            for name, field in schema["properties"].items()
        ],
        examples=[
            Example(example["name"], json.dumps(example["payload"], ensure_ascii=False, indent=2))
            for example in message["examples"]
        ],
    )


def kind(schema: Mapping[str, Any]) -> str:
    """Return the type of a field in words: `string`, `list of Candidate`, `integer or null`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    for keyword in ("anyOf", "oneOf", "allOf"):
        if keyword in schema:
            return " or ".join(dict.fromkeys(kind(part) for part in schema[keyword]))
    named = schema.get("type", "anything")
    if named == "array" and "items" in schema:
        return f"list of {kind(schema['items'])}"
    return " or ".join(named) if isinstance(named, list) else str(schema.get("format", named))


def _about(name: str, schema: Mapping[str, Any], contract: Mapping[str, Any]) -> str:
    own = schema.get("description") or COMMON.get(name)
    return str(own or _resolved(schema, contract).get("description") or "")


def _resolved(schema: Mapping[str, Any], contract: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow a `$ref` within the document."""
    if "$ref" not in schema:
        return schema
    target: Any = contract
    for key in str(schema["$ref"]).removeprefix("#/").split("/"):
        target = target[key]
    return target  # type: ignore[no-any-return]  # The document is our own.
