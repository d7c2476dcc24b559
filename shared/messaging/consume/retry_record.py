"""Copy a record to its retry topic, and restore the original record from the copy."""

import re
from dataclasses import replace
from typing import Final

from shared.domain.errors import Unavailable
from shared.events.topics import Topic
from shared.events.wire.record import Header, Outgoing, Record
from shared.messaging.consume.dead_letter_record import MAX_DETAIL_CHARACTERS

SOURCE: Final = "x-source"
TIMESTAMP: Final = "x-source-timestamp-ms"
ATTEMPTS: Final = "x-attempts"
DETAIL: Final = "x-detail"
NUMBER: Final = re.compile(r"-?[0-9]{1,18}")
ADDED: Final = frozenset({SOURCE, TIMESTAMP, ATTEMPTS, DETAIL})
"""Headers of a copy; the same headers of the original record are left out."""


def retry_copy(record: Record, error: Unavailable, *, topic: Topic, attempts: int) -> Outgoing:
    """The record for the retry topic: same key and value; headers hold its source and attempts."""
    added = {
        SOURCE: record.source,
        TIMESTAMP: str(record.timestamp_ms),
        ATTEMPTS: str(attempts),
        DETAIL: str(error)[:MAX_DETAIL_CHARACTERS],
    }
    kept = tuple(header for header in record.headers if header[0] not in ADDED)
    return Outgoing(
        topic=topic.name,
        key=record.key,
        value=record.value,
        headers=kept + tuple((k, v.encode("utf-8", "replace")) for k, v in added.items()),
    )


def original_of(copy: Record, *, topic: Topic) -> Record:
    """The record of `topic` that was copied, with its own position and Kafka timestamp.

    An erasure, a dead letter and the age of an event depend on them. The attempts stay in the
    headers (`attempts_of`). A copy without these headers keeps its own position and timestamp.
    """
    position = (_text(copy.headers, SOURCE) or "").removeprefix(f"{topic.name}/")
    partition, offset = (_number(part) for part in (position.partition("/")[::2]))
    timestamp_ms = _number(_text(copy.headers, TIMESTAMP))
    return replace(
        copy,
        topic=topic.name,
        partition=copy.partition if partition is None else partition,
        offset=copy.offset if offset is None else offset,
        timestamp_ms=copy.timestamp_ms if timestamp_ms is None else timestamp_ms,
        headers=tuple(h for h in copy.headers if h[0] not in ADDED or h[0] == ATTEMPTS),
    )


def attempts_of(record: Record) -> int:
    """Earlier attempts at a record that came through a retry topic; at least 1."""
    return max(_number(_text(record.headers, ATTEMPTS)) or 0, 1)


def _text(headers: tuple[Header, ...], name: str) -> str | None:
    values = [value for key, value in headers if key == name and value is not None]
    return values[-1].decode("utf-8", "replace") if values else None


def _number(text: str | None) -> int | None:
    return int(text) if text and NUMBER.fullmatch(text) else None
