"""Know what was done about each dead letter: read once, and then only what is new."""

import threading

from shared.domain.errors import Unprocessable
from shared.events import DeadLetterResolved
from shared.events.topics import RESOLVED
from shared.events.wire.codec import decode
from shared.messaging.read.offset_ranges import Place, Stretches


class Resolutions:
    """By letter; one that was dealt with twice has the last word. For one thread at a time."""

    def __init__(self) -> None:
        self._found: dict[str, DeadLetterResolved] = {}
        self._read_to: dict[Place, int] = {}
        self._one_at_a_time = threading.Lock()

    def read(self, kafka: Stretches) -> dict[str, DeadLetterResolved]:
        """All that is known by now; raises `Unavailable`."""
        with self._one_at_a_time:
            spans = kafka.spans([RESOLVED])
            if any(self._read_to.get(place, 0) > end for place, (_, end) in spans.items()):
                # The topic was deleted and made anew.
                self._found, self._read_to = {}, {}
            new = {
                place: (max(begin, self._read_to.get(place, 0)), end)
                for place, (begin, end) in spans.items()
            }
            new = {place: span for place, span in new.items() if span[0] < span[1]}
            for record in kafka.read(new) if new else ():
                try:
                    event = decode(RESOLVED, record)
                except Unprocessable:
                    continue
                if isinstance(event, DeadLetterResolved):
                    self._found[event.letter] = event
            self._read_to |= {place: end for place, (_, end) in new.items()}
            return dict(self._found)
