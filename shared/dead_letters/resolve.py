"""Decide what goes back to a topic from a dead letter, and what is said about it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.dead_letters.dead_letter import REPLAYED_FROM, Letter
from shared.domain.errors import Unprocessable
from shared.domain.ids import derived_id
from shared.events import DeadLetterResolved
from shared.events.types.dead_letter import Resolution
from shared.events.wire.codec import decode
from shared.events.wire.record import Header, Outgoing, Record

ENVELOPE: Final = ("ce_", "cloudevents_", "content-type")
"""How headers begin that describe a value; those of the broken value do not fit the mended one."""


class AlreadyResolved(Exception):
    """The letter was replayed or dropped before; the text says when, and how to do it again."""


class CannotReplay(Exception):
    """The record would become a dead letter again; the text says why and what to do."""


@dataclass(frozen=True)
class Who:
    """Who deals with a letter, when, and what they say about it."""

    at: datetime
    by: str | None = None
    note: str | None = None


def ensure_open(letter: Letter) -> None:
    """Raises `AlreadyResolved`."""
    done = letter.resolved
    if done is not None:
        by = f" by {done.by}" if done.by else ""
        raise AlreadyResolved(
            f"{letter.id} was {done.resolution} at {done.occurred_at:%Y-%m-%d %H:%M} UTC{by};"
            " say so explicitly to do it again"
        )


def going_back(letter: Letter, *, value: bytes | None = None, anyway: bool = False) -> Outgoing:
    """The record for the letter's topic: as it came, or with another value.

    `anyway` sends also what cannot be read. Raises `CannotReplay`.
    """
    marked: tuple[Header, ...] = ((REPLAYED_FROM, letter.id.encode()),)
    kept = tuple(h for h in letter.own_headers if h[0] != REPLAYED_FROM)
    if value is not None:
        kept = tuple(h for h in kept if not h[0].lower().startswith(ENVELOPE))
    elif letter.record.value is None and not anyway:
        raise CannotReplay(
            f"{letter.id} has no value to send: {letter.detail or letter.reason}. Give it one"
        )
    record = Record(
        topic=letter.topic.name,
        partition=0,
        offset=0,
        timestamp_ms=letter.record.timestamp_ms,
        key=letter.record.key,
        value=letter.record.value if value is None else value,
        headers=kept,
    )
    key = record.key
    try:
        event = decode(letter.topic, record)
        if value is not None:
            # A mended value may name another user than the record's key did.
            key = event.key.encode()
    except Unprocessable as error:
        if not anyway:
            raise CannotReplay(
                f"{letter.id} would be set aside again: {error.detail}. Mend its value first"
            ) from error
    return Outgoing(letter.topic.name, key, record.value, kept + marked)


def resolution_of(
    letter: Letter, resolution: Resolution, who: Who, *, fixed: bool = False
) -> DeadLetterResolved:
    """What is said about a letter; saying it twice gives the same event."""
    return DeadLetterResolved(
        event_id=derived_id("dead-letter-resolved", letter.id, resolution, str(who.at.timestamp())),
        occurred_at=who.at,
        user_id=letter.id,
        resolution=resolution,
        reason=letter.reason,
        fixed=fixed,
        by=who.by,
        note=who.note,
    )
