"""Index the resolutions of dead letters by id; each read adds only what is new."""

import threading

from shared.domain.errors import Unprocessable
from shared.events import DeadLetterResolved
from shared.events.topics import RESOLVED
from shared.events.wire.codec import decode
from shared.messaging.client.kafka_types import Partition
from shared.messaging.read.bounded_reader import BoundedReader


class ResolutionIndex:
    """The latest resolution of each dead letter; safe for several threads."""

    def __init__(self) -> None:
        self._resolutions: dict[str, DeadLetterResolved] = {}
        self._read_to: dict[Partition, int] = {}
        self._lock = threading.Lock()

    def read(self, reader: BoundedReader) -> dict[str, DeadLetterResolved]:
        """All resolutions up to now, by dead letter id; raises `Unavailable`."""
        with self._lock:
            available = reader.available([RESOLVED])
            if any(self._read_to.get(p, 0) > end for p, (_, end) in available.items()):
                # The topic was deleted and created again.
                self._resolutions, self._read_to = {}, {}
            unread = {
                partition: (max(begin, self._read_to.get(partition, 0)), end)
                for partition, (begin, end) in available.items()
            }
            for record in reader.records(unread):
                try:
                    event = decode(RESOLVED, record)
                except Unprocessable:
                    continue
                if isinstance(event, DeadLetterResolved):
                    self._resolutions[event.letter] = event
            self._read_to |= {partition: end for partition, (_, end) in unread.items()}
            return dict(self._resolutions)
