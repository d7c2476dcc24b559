"""Go through records of many partitions from the newest back, reading no more than is asked for."""

import base64
import heapq
import json
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from typing import Final

from shared.dead_letters.record_cache import Records
from shared.events.wire.record import Record
from shared.messaging.read.offset_ranges import Place, Span, Stretches

CHUNK: Final = 20
"""Records of a partition that are read at once, going back; one may have four megabytes."""
LARGEST_CHUNK: Final = 1_000
CHUNK_BYTES: Final = 2_000_000
"""Small records are read by more at a time, to about so much: each chunk is a question to Kafka."""


@dataclass
class Backwards:
    """Records of many partitions, the newest first, read in chunks when they are needed."""

    kafka: Stretches
    known: Records
    left: dict[Place, Span]
    """By partition, what has not been given yet."""
    passed_over: Set[str]
    """Places of records that nobody asks for; where they lie together they are not even read."""
    looked_at: int = 0
    _waiting: dict[Place, list[Record]] = field(default_factory=dict)
    _chunk: int = CHUNK

    def __iter__(self) -> Iterator[Record]:
        self._fill(list(self.left))
        newest = [self._top(place) for place in self._waiting]
        heapq.heapify(newest)
        while newest:
            _, place = heapq.heappop(newest)
            record = self._waiting[place].pop()
            self.left[place] = (self.left[place][0], record.offset)
            self.looked_at += 1
            yield record
            if not self._waiting[place]:
                self._fill([place])
            if self._waiting.get(place):
                heapq.heappush(newest, self._top(place))

    def end(self) -> None:
        """Everything that is left is too old to be asked for."""
        self.left = {}

    def cursor(self) -> str | None:
        offsets = {f"{t}/{p}": end for (t, p), (begin, end) in self.left.items() if end > begin}
        if not offsets:
            return None
        return base64.urlsafe_b64encode(json.dumps(offsets).encode()).decode("ascii")

    def _top(self, place: Place) -> tuple[int, Place]:
        return -self._waiting[place][-1].timestamp_ms, place

    def _without_passed(self, place: Place) -> Span:
        begin, end = self.left[place]
        while end > begin and f"{place[0]}/{place[1]}/{end - 1}" in self.passed_over:
            end -= 1
        return begin, end

    def _fill(self, places: list[Place]) -> None:
        """The next chunk of these partitions; one that retention has emptied meanwhile is over."""
        while places:
            for place in places:
                self.left[place] = self._without_passed(place)
            spans = {p: self.left[p] for p in places if self.left[p][1] > self.left[p][0]}
            chunks = {p: (max(begin, end - self._chunk), end) for p, (begin, end) in spans.items()}
            records = self.known.read(self.kafka, chunks)
            for record in records:
                self._waiting.setdefault((record.topic, record.partition), []).append(record)
            self._chunk = _next_chunk(self._chunk, records)
            places = []
            for place, (start, _) in chunks.items():
                if not self._waiting.get(place):
                    # A chunk of gaps alone, such as the marks of a transaction.
                    self.left[place] = (self.left[place][0], start)
                    places.append(place)


def _next_chunk(chunk: int, records: Sequence[Record]) -> int:
    """Twice as many if they are as small as these; who wants one page has read few in vain."""
    size = sum(len(record.value or b"") for record in records)
    if not records or not size:
        return chunk
    fitting = CHUNK_BYTES * len(records) // size
    return max(CHUNK, min(2 * chunk, fitting, LARGEST_CHUNK))
