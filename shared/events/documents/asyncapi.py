"""Build the AsyncAPI 3.1 document: what applications send and receive."""

from typing import Any, Final

from shared.events.documents.asyncapi_messages import (
    JSON_TYPE,
    SCHEMAS,
    dead_letter_message,
    event_message,
    header_schemas,
)
from shared.events.documents.json_schemas import SENT_BY_APPS, shared_definitions
from shared.events.topics import (
    CANDIDATES,
    COMPACTED_WITHIN_MS,
    CONSUMED,
    DEAD_LETTERS,
    FEEDS,
    TOPICS,
    Topic,
)

VERSION: Final = "1.0.0"
LOCAL_KAFKA: Final = "127.0.0.1:9092"
PARTITIONS: Final = 6
"""Partitions of a new topic, unless the settings give another number."""
REPLICAS: Final = 1

_ABOUT: Final = """\
Preferstream ranks images for each person. An application sends feedback, and candidates or a
catalog of images, and receives ranked feeds. This document takes the application's point of view:
it *sends* what Preferstream reads, and *receives* what Preferstream writes.

Values are JSON objects in UTF-8 of at most 4 MiB. Preferstream ignores unknown fields. A topic may
get new fields without a new version, so applications must ignore unknown fields too. The record key
is the user's id, so one user's events stay in order; an event about an image has the image's id. In
a compacted topic a record without a value removes its key. CloudEvents 1.0 headers (binary mode)
are optional; the structured mode (`application/cloudevents+json`) is read as well.

An event that cannot be read or handled is never dropped. It goes, with its bytes unchanged, to the
topic's dead letters (`<topic>.dlq`), and its headers give the reason.

Every compression codec of Kafka is read (gzip, snappy, lz4, zstd); a batch may decompress to at
most 64 MiB. Events of a transaction are read when it is committed, and those of an aborted one
never.
"""


def document() -> dict[str, Any]:
    """The whole document as plain values, ready for JSON."""
    return {
        "asyncapi": "3.1.0",
        "info": {
            "title": "Preferstream",
            "version": VERSION,
            "description": _ABOUT,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": JSON_TYPE,
        "servers": {
            "local": {
                "host": LOCAL_KAFKA,
                "protocol": "kafka",
                "description": "The Kafka that `preferstream up` starts. Replace it with your own.",
            }
        },
        "channels": {topic.name: _channel(topic) for topic in (*TOPICS, *DEAD_LETTERS)},
        "operations": dict(_operation(topic) for topic in (*TOPICS, *DEAD_LETTERS)),
        "components": {
            "messages": {
                **{topic.name: event_message(topic) for topic in TOPICS},
                **{topic.dead_letters: dead_letter_message(topic) for topic in CONSUMED},
            },
            "schemas": {**shared_definitions(f"{SCHEMAS}{{model}}"), **header_schemas()},
        },
    }


def _channel(topic: Topic) -> dict[str, Any]:
    compaction = {"max.compaction.lag.ms": COMPACTED_WITHIN_MS} if topic.compacted else {}
    if topic.tombstones_kept_ms is not None:
        compaction["delete.retention.ms"] = topic.tombstones_kept_ms
    return {
        "address": topic.name,
        "description": f"{topic.purpose[0].upper()}{topic.purpose[1:]}; {_kept(topic)}.",
        "servers": [{"$ref": "#/servers/local"}],
        "messages": {_message_name(topic): {"$ref": f"#/components/messages/{topic.name}"}},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": PARTITIONS,
                "replicas": REPLICAS,
                "topicConfiguration": compaction
                | {
                    "cleanup.policy": ["compact" if topic.compacted else "delete"],
                    "retention.ms": -1 if topic.retention_ms is None else topic.retention_ms,
                    "max.message.bytes": topic.max_message_bytes,
                },
                "bindingVersion": "0.5.0",
            }
        },
    }


def _kept(topic: Topic) -> str:
    if topic.compacted:
        return "the latest record of each key is kept for ever"
    assert topic.retention_ms is not None
    return f"kept for {topic.retention_ms // 86_400_000} days"


def _operation(topic: Topic) -> tuple[str, dict[str, Any]]:
    sends = topic in SENT_BY_APPS
    operation: dict[str, Any] = {
        "action": "send" if sends else "receive",
        "channel": _channel_of(topic),
        "summary": f"{'Send' if sends else 'Receive'} {topic.purpose}.",
        "messages": [_message_of(topic)],
    }
    if topic is CANDIDATES:
        operation["reply"] = {"channel": _channel_of(FEEDS), "messages": [_message_of(FEEDS)]}
    return f"{operation['action']}.{topic.name}", operation


def _channel_of(topic: Topic) -> dict[str, str]:
    return {"$ref": f"#/channels/{topic.name}"}


def _message_of(topic: Topic) -> dict[str, str]:
    return {"$ref": f"#/channels/{topic.name}/messages/{_message_name(topic)}"}


def _message_name(topic: Topic) -> str:
    return "DeadLetter" if topic.event is None else topic.event.__name__
