"""Decide which record a replay sends, and build the event that records the resolution."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.dead_letters.dead_letter import REPLAYED_FROM, DeadLetter
from shared.domain.errors import Unprocessable
from shared.domain.ids import derived_id
from shared.events import DeadLetterResolved
from shared.events.types.dead_letter import Resolution
from shared.events.wire.codec import decode
from shared.events.wire.record import Header, Outgoing, Record

ENVELOPE_PREFIXES: Final = ("ce_", "cloudevents_", "content-type")
"""Headers that describe a value; those of the broken value do not fit a corrected one."""


class AlreadyResolved(Exception):
    """The dead letter was replayed or dropped before; the text has the time and what to do."""


class CannotReplay(Exception):
    """The record would become a dead letter again; the text has the reason and what to do."""


@dataclass(frozen=True)
class ResolutionNote:
    """Time, operator and comment of a resolution."""

    at: datetime
    by: str | None = None
    note: str | None = None


def ensure_open(letter: DeadLetter) -> None:
    """Raises `AlreadyResolved`."""
    resolution = letter.resolved
    if resolution is not None:
        by = f" by {resolution.by}" if resolution.by else ""
        raise AlreadyResolved(
            f"{letter.id} was {resolution.resolution} at"
            f" {resolution.occurred_at:%Y-%m-%d %H:%M} UTC{by}; use `again` to repeat it"
        )


def replay_record(
    letter: DeadLetter, *, value: bytes | None = None, force: bool = False
) -> Outgoing:
    """The record to send to the original topic: unchanged, or with another value.

    `force` also sends a record that cannot be decoded. Raises `CannotReplay`.
    """
    marker: tuple[Header, ...] = ((REPLAYED_FROM, letter.id.encode()),)
    headers = tuple(h for h in letter.own_headers if h[0] != REPLAYED_FROM)
    if value is not None:
        headers = tuple(h for h in headers if not h[0].lower().startswith(ENVELOPE_PREFIXES))
    elif letter.record.value is None and not force:
        raise CannotReplay(
            f"{letter.id} has no value to send: {letter.detail or letter.reason}. Give it a value"
        )
    record = Record(
        topic=letter.topic.name,
        partition=0,
        offset=0,
        timestamp_ms=letter.record.timestamp_ms,
        key=letter.record.key,
        value=letter.record.value if value is None else value,
        headers=headers,
    )
    key = record.key
    try:
        event = decode(letter.topic, record)
        if value is not None:
            # The corrected value may name another user than the key of the record.
            key = event.key.encode()
    except Unprocessable as error:
        if not force:
            raise CannotReplay(
                f"{letter.id} would become a dead letter again: {error.detail}. Correct its value"
                " first"
            ) from error
    return Outgoing(letter.topic.name, key, record.value, headers + marker)


def resolution_event(
    letter: DeadLetter, resolution: Resolution, note: ResolutionNote, *, fixed: bool = False
) -> DeadLetterResolved:
    """The event of a resolution; the same arguments give the same event."""
    return DeadLetterResolved(
        event_id=derived_id(
            "dead-letter-resolved", letter.id, resolution, str(note.at.timestamp())
        ),
        occurred_at=note.at,
        user_id=letter.id,
        resolution=resolution,
        reason=letter.reason,
        fixed=fixed,
        by=note.by,
        note=note.note,
    )
