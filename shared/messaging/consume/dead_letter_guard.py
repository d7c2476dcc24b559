"""Stop the service when too many of the latest events became dead letters."""

from collections import deque

WINDOW_FRACTION = 4
"""The ratio is judged after a quarter of the window has arrived."""


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
