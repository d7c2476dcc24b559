"""A dead letter: the record, the reason, its resolution; and a filter over dead letters."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from shared.domain.times.time_bounds import time_of_ms
from shared.events import DeadLetterResolved
from shared.events.topics import CONSUMED, Topic
from shared.events.wire.record import Header, Record

ERROR_HEADERS: Final = ("x-error", "x-detail", "x-source", "x-attempts")
"""Headers that were added when the record became a dead letter."""
REPLAYED_FROM: Final = "x-replayed-from"
"""Header of a replayed record; it is kept when the record fails again."""
SOURCES: Final = {topic.dead_letters: topic for topic in CONSUMED}
"""The consumed topic of each dead-letter topic, by the name of the latter."""


@dataclass(frozen=True)
class DeadLetter:
    """One dead letter."""

    record: Record
    resolved: DeadLetterResolved | None = None

    @property
    def id(self) -> str:
        """Topic, partition and offset: `feedback.v1.dlq/3/17`."""
        return self.record.source

    @property
    def topic(self) -> Topic:
        """The topic in which the record failed, and to which it is replayed."""
        return SOURCES[self.record.topic]

    @property
    def reason(self) -> str:
        return self.header("x-error") or "unknown"

    @property
    def detail(self) -> str:
        return self.header("x-detail") or ""

    @property
    def set_aside_at(self) -> datetime:
        """The time at which the record became a dead letter."""
        return time_of_ms(self.record.timestamp_ms)

    @property
    def own_headers(self) -> tuple[Header, ...]:
        """The headers of the original record."""
        return tuple(h for h in self.record.headers if h[0] not in ERROR_HEADERS)

    def header(self, name: str) -> str | None:
        """A header's text; the last one if several have this name."""
        values = [value for key, value in self.record.headers if key == name and value is not None]
        return values[-1].decode("utf-8", "replace") if values else None

    def as_dict(self) -> dict[str, Any]:
        """The dead letter as JSON values; a value that is not UTF-8 is in `value_base64`."""
        return {
            "id": self.id,
            "topic": self.topic.name,
            "reason": self.reason,
            "detail": self.detail,
            "source": self.header("x-source"),
            "attempts": self.header("x-attempts"),
            "set_aside_at": self.set_aside_at.isoformat(),
            "replayed_from": self.header(REPLAYED_FROM),
            "key": _text(self.record.key),
            **_value(self.record.value),
            "headers": {name: _text(value) for name, value in self.own_headers},
            "resolved": self.resolved.model_dump(mode="json") if self.resolved else None,
        }


@dataclass(frozen=True)
class DeadLetterFilter:
    """Selects dead letters; a field that is None selects all."""

    topic: str | None = None
    """The topic in which the records failed."""
    reason: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None
    """Text in the key, the value or the detail; upper and lower case are equal."""
    resolved: bool = False
    """Include dead letters that were replayed or dropped."""

    def matches(self, letter: DeadLetter) -> bool:
        return (
            (self.resolved or letter.resolved is None)
            and self.topic in (None, letter.topic.name)
            and self.reason in (None, letter.reason)
            and (self.since is None or letter.set_aside_at >= self.since)
            and (self.until is None or letter.set_aside_at <= self.until)
            and (self.text is None or self._text_is_in(letter))
        )

    def _text_is_in(self, letter: DeadLetter) -> bool:
        text = (self.text or "").casefold()
        fields = (_text(letter.record.key), _text(letter.record.value), letter.detail)
        return any(text in (field or "").casefold() for field in fields)


def dead_letter_of(record: Record, resolved: Mapping[str, DeadLetterResolved]) -> DeadLetter:
    """A record of a dead-letter topic with its resolution, if it has one."""
    return DeadLetter(record, resolved.get(record.source))


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("utf-8", "replace")


def _value(value: bytes | None) -> dict[str, Any]:
    if value is None:
        return {"value": None}
    try:
        return {"value": value.decode("utf-8")}
    except UnicodeDecodeError:
        return {"value": None, "value_base64": base64.b64encode(value).decode("ascii")}
