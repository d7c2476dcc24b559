"""Read the event contract for a page: topics, their fields and examples, from its own document."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from shared.events.documents.asyncapi import document
from shared.events.documents.json_schemas import SENT_BY_APPS
from shared.events.topics import TOPICS, Topic

COMMON: Final[Mapping[str, str]] = {
    "event_id": "Names the event: what comes twice under one id has its effect once.",
    "occurred_at": "When it happened, RFC 3339 with a zone.",
    "user_id": "Whom it is about; part of the record's key.",
    "tenant": "Keeps the users and images of one app from those of another; `default` when absent.",
    "request_id": "Your own id of a request; its feed carries it.",
    "image_id": "Your own id of an image, the same image throughout a tenant.",
    "candidates": "The images to rank, each with its id and where it lies.",
    "explain": "Which images get reasons: none, the best few, or all.",
    "exclude_ids": "Images to leave out.",
    "uri": "Where the image lies: https, s3, file under an allowed root, or `data:` base64.",
    "model_version": "The model that answered.",
}
"""What fields say that need no words beside the code."""


@dataclass(frozen=True)
class FieldLine:
    """One field of an event."""

    name: str
    kind: str
    required: bool
    about: str


@dataclass(frozen=True)
class Example:
    """One event as it may stand in a topic."""

    name: str
    text: str


@dataclass(frozen=True)
class TopicDocs:
    """One topic."""

    topic: Topic
    sent_by_apps: bool
    about: str
    key: str
    fields: Sequence[FieldLine]
    examples: Sequence[Example]


@cache
def topics() -> tuple[TopicDocs, ...]:
    """Those that apps write first."""
    found = [_read(topic, document()) for topic in TOPICS]
    return tuple(sorted(found, key=lambda one: not one.sent_by_apps))


def _read(topic: Topic, contract: Mapping[str, Any]) -> TopicDocs:
    message = contract["components"]["messages"][topic.name]
    schema = _of(message["payload"], contract)
    required = set(schema.get("required", ()))
    return TopicDocs(
        topic=topic,
        sent_by_apps=topic in SENT_BY_APPS,
        about=contract["channels"][topic.name]["description"],
        key=message["bindings"]["kafka"]["key"]["description"],
        fields=[
            FieldLine(name, kind(said), name in required, _about(name, said, contract))
            for name, said in schema["properties"].items()
        ],
        examples=[
            Example(one["name"], json.dumps(one["payload"], ensure_ascii=False, indent=2))
            for one in message["examples"]
        ],
    )


def kind(said: Mapping[str, Any]) -> str:
    """A field's type in a word or two: `string`, `list of Candidate`, `integer or null`."""
    if "$ref" in said:
        return str(said["$ref"]).rpartition("/")[2]
    if "const" in said:
        return json.dumps(said["const"])
    if "enum" in said:
        return " | ".join(map(str, said["enum"]))
    for word in ("anyOf", "oneOf", "allOf"):
        if word in said:
            return " or ".join(dict.fromkeys(kind(one) for one in said[word]))
    named = said.get("type", "anything")
    if named == "array" and "items" in said:
        return f"list of {kind(said['items'])}"
    return " or ".join(named) if isinstance(named, list) else str(said.get("format", named))


def _about(name: str, said: Mapping[str, Any], contract: Mapping[str, Any]) -> str:
    told = said.get("description") or COMMON.get(name) or _of(said, contract).get("description")
    return str(told or "")


def _of(said: Mapping[str, Any], contract: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a reference refers to."""
    if "$ref" not in said:
        return said
    found: Any = contract
    for part in str(said["$ref"]).removeprefix("#/").split("/"):
        found = found[part]
    return found  # type: ignore[no-any-return]  # JSON that we wrote
