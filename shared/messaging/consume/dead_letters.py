"""Turn records that no retry can save into dead letters; stop the service if there are too many."""

from collections import deque

from shared.domain.errors import Unprocessable
from shared.events.wire.record import Outgoing, Record

MAX_DETAIL_CHARACTERS = 2000
"""Enough for an error message; a payload does not belong in a header."""
WINDOW_FRACTION = 4
"""The ratio is judged after a quarter of the window has arrived."""


def dead_letter(record: Record, error: Unprocessable, *, attempts: int) -> Outgoing:
    """The unchanged record for the dead-letter topic; headers hold the reason and the source."""
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
        value=record.value,
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


class TooManyDeadLetters(Exception):
    """Most events fail, so the service is probably broken: the process stops."""


class Arrival:
    """One event in the window of the guard."""

    def __init__(self) -> None:
        self.is_dead_letter = False


class DeadLetterGuard:
    """Limits the ratio of dead letters among the latest events.

    It counts events that arrived, not events that are done: a malformed event is done at once and a
    good one takes seconds, so the events done first are nearly all bad even if few arrived bad.
    """

    def __init__(self, *, max_ratio: float, window: int) -> None:
        self._max_ratio = max_ratio
        self._latest: deque[Arrival] = deque(maxlen=window)
        self._min_events = max(window // WINDOW_FRACTION, 1)

    def arrived(self) -> Arrival:
        """Count an event that was delivered."""
        arrival = Arrival()
        self._latest.append(arrival)
        return arrival

    def dead_letter(self, arrival: Arrival) -> None:
        """Count a dead letter before it is published; raises `TooManyDeadLetters`."""
        arrival.is_dead_letter = True
        bad, seen = sum(event.is_dead_letter for event in self._latest), len(self._latest)
        if seen >= self._min_events and bad > self._max_ratio * seen:
            raise TooManyDeadLetters(
                f"{bad} of the latest {seen} events became dead letters; the allowed ratio is"
                f" {self._max_ratio:g}. The service stops: look at the reasons of the dead letters"
                " (x-error, x-detail) before you start it again"
            )
