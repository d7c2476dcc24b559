"""Set aside the events no retry can save, and stop when too many are set aside."""

from collections import deque

from shared.domain.errors import Unprocessable
from shared.events.wire.record import Outgoing, Record

MAX_DETAIL_CHARACTERS = 2000
"""Enough for what, which, expected and what to do; a payload does not belong in a header."""
ENOUGH_TO_JUDGE = 4
"""A share is judged once a quarter of the sample has been seen."""


def dead_letter(record: Record, error: Unprocessable, *, attempts: int) -> Outgoing:
    """The record as it came, to the dead letters of its topic, with why and whence in headers."""
    told = {
        "x-error": error.reason,
        "x-detail": error.detail[:MAX_DETAIL_CHARACTERS],
        "x-source": record.source,
        "x-attempts": str(attempts),
    }
    # An earlier journey through the dead letters may have left its own.
    kept = tuple(header for header in record.headers if header[0] not in told)
    return Outgoing(
        topic=f"{record.topic}.dlq",
        key=record.key,
        value=record.value,
        headers=kept + tuple((k, v.encode("utf-8", "replace")) for k, v in told.items()),
    )


def without_value(letter: Outgoing) -> Outgoing:
    """A dead letter that Kafka takes when the record is too large to be written again."""
    size = len(letter.value or b"")
    note = f"; the value, {size} bytes, is too large to stand here and lies at x-source alone"
    return Outgoing(
        topic=letter.topic,
        key=letter.key,
        value=None,
        headers=tuple(
            (name, (value or b"") + note.encode()) if name == "x-detail" else (name, value)
            for name, value in letter.headers
        ),
    )


class TooManyDeadLetters(Exception):
    """Stop the process: most events fail, so the fault is probably ours."""


class Arrival:
    """One event as the guard remembers it."""

    def __init__(self) -> None:
        self.set_aside = False


class DeadLetterGuard:
    """Looks at the latest events that arrived, and says when too many of them were set aside.

    Arrived, not done: a malformed event is done at once and a good one takes seconds, so that of
    those done first nearly all may be bad though few of those that came are.
    """

    def __init__(self, *, share: float, sample: int) -> None:
        self._share = share
        self._latest: deque[Arrival] = deque(maxlen=sample)
        self._enough = max(sample // ENOUGH_TO_JUDGE, 1)

    def arrived(self) -> Arrival:
        arrival = Arrival()
        self._latest.append(arrival)
        return arrival

    def set_aside(self, arrival: Arrival) -> None:
        """Count a dead letter before it is published; raises `TooManyDeadLetters`."""
        arrival.set_aside = True
        bad, seen = sum(one.set_aside for one in self._latest), len(self._latest)
        if seen >= self._enough and bad > self._share * seen:
            raise TooManyDeadLetters(
                f"{bad} of the latest {seen} events became dead letters, more than a share of"
                f" {self._share:g}. Nothing more is set aside: look at the dead letters' reasons"
                " (x-error, x-detail) before starting again"
            )
