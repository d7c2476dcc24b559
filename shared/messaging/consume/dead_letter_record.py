"""Build the dead letter of a record that no retry can save."""

from shared.domain.errors import Unprocessable
from shared.events.wire.record import Outgoing, Record

MAX_DETAIL_CHARACTERS = 2000
"""Enough for an error message; a payload does not belong in a header."""


def dead_letter(record: Record, error: Unprocessable, *, attempts: int) -> Outgoing:
    """The unchanged record for the dead-letter topic; headers hold the reason and the source.

    An unreadable record has no value: its bytes are only at the source.
    """
    added = {
        "x-error": error.reason,
        "x-detail": error.detail[:MAX_DETAIL_CHARACTERS],
        "x-source": record.source,
        "x-attempts": str(attempts),
    }
    # A replayed record may carry these headers from an earlier dead letter.
    kept = tuple(header for header in record.headers if header[0] not in added)
    return Outgoing(
        topic=f"{record.topic}.dlq",
        key=record.key,
        value=None if record.unreadable else record.value,
        headers=kept + tuple((k, v.encode("utf-8", "replace")) for k, v in added.items()),
    )


def without_value(letter: Outgoing) -> Outgoing:
    """A dead letter without its value, for a record that is too large to be written again."""
    size = len(letter.value or b"")
    note = f"; the value of {size} bytes is too large for a dead letter; it is only at x-source"
    return Outgoing(
        topic=letter.topic,
        key=letter.key,
        value=None,
        headers=tuple(
            (name, (value or b"") + note.encode()) if name == "x-detail" else (name, value)
            for name, value in letter.headers
        ),
    )
