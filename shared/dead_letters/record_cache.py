"""Remember dead letters from look to look: Kafka's records never change, so each is read once."""

import heapq
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from shared.dead_letters.resolutions import Resolutions
from shared.events.wire.record import Record
from shared.messaging.read.offset_ranges import Place, Span

MOST_BYTES: Final = 64 * 1024**2
"""Of all records that are remembered; ten thousand letters of 1 KB are a third of it."""
RECORD_BYTES: Final = 1_000
"""What a record takes in memory beside its bytes."""


class Reads(Protocol):
    """Where records are read that are not remembered."""

    def read(self, wanted: Mapping[Place, Span]) -> list[Record]: ...


class Records:
    """Records by partition and offset; the newest, as many as fit."""

    def __init__(self, *, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: dict[Place, dict[int, Record | None]] = {}
        """None is an offset that holds no record, such as the mark of a transaction."""
        self._oldest: list[tuple[int, Place, int]] = []
        """A heap of times and places; some of them are forgotten already."""
        self._one_at_a_time = threading.Lock()

    def read(self, kafka: Reads, wanted: Mapping[Place, Span]) -> list[Record]:
        """All records of these spans, in the order of each partition; raises `Unavailable`."""
        found = self._remembered(wanted)
        missing = {p: rest for p, span in wanted.items() if (rest := _missing(span, found[p]))}
        new: dict[Place, dict[int, Record | None]] = {
            place: dict.fromkeys(range(*span)) for place, span in missing.items()
        }
        for record in kafka.read(missing) if missing else ():
            new[record.topic, record.partition][record.offset] = record
        self._keep(new)
        told = {place: found[place] | new.get(place, {}) for place in wanted}
        return [r for of_one in told.values() for _, r in sorted(of_one.items()) if r is not None]

    def keep_to(self, spans: Mapping[Place, Span]) -> None:
        """Forget what Kafka has deleted, and all of a topic that was made anew."""
        with self._one_at_a_time:
            for place, (begin, end) in spans.items():
                kept = self._kept.get(place, {})
                anew = any(offset >= end for offset in kept)
                for offset in [offset for offset in kept if anew or offset < begin]:
                    self._forget(place, offset)

    def _remembered(self, wanted: Mapping[Place, Span]) -> dict[Place, dict[int, Record | None]]:
        with self._one_at_a_time:
            found = {}
            for place, span in wanted.items():
                kept = self._kept.get(place, {})
                found[place] = {offset: kept[offset] for offset in range(*span) if offset in kept}
            return found

    def _keep(self, new: Mapping[Place, Mapping[int, Record | None]]) -> None:
        with self._one_at_a_time:
            for place, of_one in new.items():
                kept = self._kept.setdefault(place, {})
                for offset, record in of_one.items():
                    if offset in kept:
                        continue
                    kept[offset] = record
                    self._bytes += _bytes(record)
                    at = record.timestamp_ms if record else 0
                    heapq.heappush(self._oldest, (at, place, offset))
            while self._bytes > self._most_bytes:
                _, place, offset = heapq.heappop(self._oldest)
                self._forget(place, offset)

    def _forget(self, place: Place, offset: int) -> None:
        kept = self._kept[place]
        if offset in kept:
            self._bytes -= _bytes(kept.pop(offset))


@dataclass(frozen=True)
class Known:
    """What one reader of dead letters remembers."""

    resolutions: Resolutions = field(default_factory=Resolutions)
    records: Records = field(default_factory=Records)


def _missing(span: Span, found: Mapping[int, object]) -> Span | None:
    """From the first offset that is not there to the last."""
    begin, end = span
    while begin < end and begin in found:
        begin += 1
    while end > begin and end - 1 in found:
        end -= 1
    return (begin, end) if begin < end else None


def _bytes(record: Record | None) -> int:
    if record is None:
        return RECORD_BYTES
    headers = sum(len(name) + len(value or b"") for name, value in record.headers)
    return RECORD_BYTES + len(record.key or b"") + len(record.value or b"") + headers
