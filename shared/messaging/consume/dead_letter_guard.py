"""Stop the service when too many of the latest events of all senders became dead letters."""

from collections import deque
from typing import Final

from shared.messaging.batches.codecs import BATCH_TOO_LARGE, UNREADABLE_BATCH

WINDOW_FRACTION: Final = 4
"""The ratio is judged after a quarter of the window has arrived."""
KEYS_FRACTION: Final = 25
"""One key has at most this part of the window, so a quarter of it has at least seven keys."""
SENDER_REASONS: Final = frozenset(
    {"not_utf8", "not_json", "not_an_object", "no_value", UNREADABLE_BATCH, BATCH_TOO_LARGE}
)
"""The bytes are no event in any version of this service: only their sender can cause this."""


class TooManyDeadLetters(Exception):
    """Most events fail, so the service is probably broken: the process stops."""


class Arrival:
    """One event in the window of the guard."""

    def __init__(self, key: bytes | None) -> None:
        self.key = key
        self.is_dead_letter = False


class DeadLetterGuard:
    """Limits the ratio of dead letters among the latest events.

    A broken deployment fails for every key; a broken sender for its own. Therefore one key takes
    only a small part of the window, however many events it sends, and bytes that are no event do
    not count. It counts events that arrived, not events that are done: a malformed event is done at
    once and a good one takes seconds, so the events done first are nearly all bad even if few
    arrived bad.
    """

    def __init__(self, *, max_ratio: float, window: int) -> None:
        self._max_ratio = max_ratio
        self._window = window
        self._latest: dict[Arrival, None] = {}
        """The oldest first, as a dict keeps its order; removing one takes no search."""
        self._by_key: dict[bytes | None, deque[Arrival]] = {}
        self._bad = 0
        self._min_events = max(window // WINDOW_FRACTION, 1)
        self._max_per_key = max(window // KEYS_FRACTION, 1)

    def arrived(self, key: bytes | None) -> Arrival:
        """Count an event that was delivered under this key."""
        arrival = Arrival(key)
        same_key = self._by_key.get(key) or deque()
        if len(same_key) >= self._max_per_key:
            self._forget(same_key[0])
        elif len(self._latest) >= self._window:
            self._forget(next(iter(self._latest)))
        self._latest[arrival] = None
        self._by_key.setdefault(key, deque()).append(arrival)
        return arrival

    def _forget(self, oldest_of_its_key: Arrival) -> None:
        key = oldest_of_its_key.key
        del self._latest[oldest_of_its_key]
        self._bad -= oldest_of_its_key.is_dead_letter
        self._by_key[key].popleft()
        if not self._by_key[key]:
            del self._by_key[key]

    def dead_letter(self, arrival: Arrival, reason: str) -> None:
        """Count a dead letter before it is published; raises `TooManyDeadLetters`."""
        if reason in SENDER_REASONS:
            return
        if arrival in self._latest and not arrival.is_dead_letter:
            self._bad += 1
        arrival.is_dead_letter = True
        bad, seen = self._bad, len(self._latest)
        if seen >= self._min_events and bad > self._max_ratio * seen:
            keys = len({event.key for event in self._latest if event.is_dead_letter})
            raise TooManyDeadLetters(
                f"{bad} of the latest {seen} events became dead letters, of {keys} keys; the"
                f" allowed ratio is {self._max_ratio:g}. The service stops: look at the reasons of"
                " the dead letters (x-error, x-detail) before you start it again"
            )
