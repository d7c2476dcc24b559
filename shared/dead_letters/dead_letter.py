"""A dead letter as a person sees it: what was set aside, why, and what was done about it."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from shared.events import DeadLetterResolved
from shared.events.topics import CONSUMED, Topic
from shared.events.wire.record import Header, Record

OURS: Final = ("x-error", "x-detail", "x-source", "x-attempts")
"""Headers that were added when the record was set aside."""
REPLAYED_FROM: Final = "x-replayed-from"
"""Header of a record that comes from a dead letter; it stays when the record fails again."""
SOURCES: Final = {topic.dead_letters: topic for topic in CONSUMED}


@dataclass(frozen=True)
class Letter:
    """One dead letter."""

    record: Record
    resolved: DeadLetterResolved | None = None

    @property
    def id(self) -> str:
        """Its place, by which it is asked for: `feedback.v1.dlq/3/17`."""
        return self.record.source

    @property
    def topic(self) -> Topic:
        """The topic that it was set aside from, and goes back to."""
        return SOURCES[self.record.topic]

    @property
    def reason(self) -> str:
        return self.header("x-error") or "unknown"

    @property
    def detail(self) -> str:
        return self.header("x-detail") or ""

    @property
    def set_aside_at(self) -> datetime:
        return datetime.fromtimestamp(self.record.timestamp_ms / 1000, UTC)

    @property
    def own_headers(self) -> tuple[Header, ...]:
        """The headers that the record came with."""
        return tuple(h for h in self.record.headers if h[0] not in OURS)

    def header(self, name: str) -> str | None:
        """A header's text; of several of one name the last."""
        found = [value for key, value in self.record.headers if key == name and value is not None]
        return found[-1].decode("utf-8", "replace") if found else None

    def plain(self) -> dict[str, Any]:
        """For machines; a value that is no UTF-8 is in `value_base64`."""
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
class Wanted:
    """Which dead letters are asked for; what is None does not matter."""

    topic: str | None = None
    """The topic that they were set aside from."""
    reason: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None
    """What stands in the key, the value or the detail, in whatever case."""
    resolved: bool = False
    """Also those that were replayed or dropped."""

    def takes(self, letter: Letter) -> bool:
        return (
            (self.resolved or letter.resolved is None)
            and self.topic in (None, letter.topic.name)
            and self.reason in (None, letter.reason)
            and (self.since is None or letter.set_aside_at >= self.since)
            and (self.until is None or letter.set_aside_at <= self.until)
            and (self.text is None or self._stands_in(letter))
        )

    def _stands_in(self, letter: Letter) -> bool:
        text = (self.text or "").casefold()
        where = (_text(letter.record.key), _text(letter.record.value), letter.detail)
        return any(text in (one or "").casefold() for one in where)


def letter_of(record: Record, resolved: Mapping[str, DeadLetterResolved]) -> Letter:
    """A record of a dead-letter topic, with what was done about it."""
    return Letter(record, resolved.get(record.source))


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("utf-8", "replace")


def _value(value: bytes | None) -> dict[str, Any]:
    if value is None:
        return {"value": None}
    try:
        return {"value": value.decode("utf-8")}
    except UnicodeDecodeError:
        return {"value": None, "value_base64": base64.b64encode(value).decode("ascii")}
