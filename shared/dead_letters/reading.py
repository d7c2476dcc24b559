"""Read dead letters a page at a time, the newest first, however many there are."""

import base64
import heapq
import json
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Final

from shared.dead_letters.letter import SOURCES, Letter, Wanted, letter_of
from shared.dead_letters.remembered import Known, Records
from shared.events.record import Record
from shared.events.topics import CONSUMED, DEAD_LETTERS
from shared.messaging.settings import MessagingSettings
from shared.messaging.stretches import Place, Span, Stretches, stretches

PAGE: Final = 50
CHUNK: Final = 20
"""Records of a partition that are read at once, going back; one may have four megabytes."""
LARGEST_CHUNK: Final = 1_000
CHUNK_BYTES: Final = 2_000_000
"""Small records are read by more at a time, to about so much: each chunk is a question to Kafka."""
MOST_LOOKED_AT: Final = 5_000
"""Records that one page looks at; a page with fewer letters than asked for may go on after it."""


class NoSuchLetter(Exception):
    """There is no dead letter of that id; the text says what an id looks like."""


class BadCursor(Exception):
    """What was given as the place to go on is none."""


@dataclass(frozen=True)
class Page:
    """Some dead letters, the newest first."""

    letters: tuple[Letter, ...]
    next: str | None
    """Where the next page begins; None when there is nothing older."""
    looked_at: int


def page(
    settings: MessagingSettings,
    wanted: Wanted,
    *,
    after: str | None = None,
    most: int = PAGE,
    known: Known | None = None,
) -> Page:
    """At most `most` letters from `after` on, a `next` of an earlier page.

    `known` remembers letters, and what was done about them, from call to call.
    Raises `Unavailable` and `BadCursor`.
    """
    topics = [t for t in DEAD_LETTERS if wanted.topic in (None, SOURCES[t.name].name)]
    with stretches(settings) as kafka:
        known = known or Known()
        resolved = known.resolutions.read(kafka)
        there = kafka.spans(topics)
        known.records.keep_to(there)
        spans = _going_on(there, _read_cursor(after))
        passed_over = frozenset() if wanted.resolved else resolved.keys()
        backwards = _Backwards(kafka, known.records, spans, passed_over)
        found: list[Letter] = []
        for record in backwards:
            letter = letter_of(record, resolved)
            if wanted.since is not None and letter.set_aside_at < wanted.since:
                backwards.end()
                break
            if wanted.takes(letter):
                found.append(letter)
            if len(found) >= most or backwards.looked_at >= MOST_LOOKED_AT:
                break
        return Page(tuple(found), backwards.cursor(), backwards.looked_at)


def one(settings: MessagingSettings, letter_id: str, *, known: Known | None = None) -> Letter:
    """The dead letter of that id; raises `Unavailable` and `NoSuchLetter`."""
    place, offset = _place(letter_id)
    with stretches(settings) as kafka:
        topic = next(t for t in DEAD_LETTERS if t.name == place[0])
        begin, end = kafka.spans([topic]).get(place, (0, 0))
        records = kafka.read({place: (offset, offset + 1)}) if begin <= offset < end else []
        if not records:
            raise NoSuchLetter(
                f"there is no dead letter {letter_id}: {place[0]}/{place[1]} has offsets {begin} to"
                f" {end - 1} now; older ones were deleted after 30 days"
                if end > begin
                else f"there is no dead letter {letter_id}: {place[0]}/{place[1]} is empty"
            )
        return letter_of(records[0], (known or Known()).resolutions.read(kafka))


def counts(settings: MessagingSettings) -> dict[str, int]:
    """How many dead letters lie in each topic, by the topic they came from, resolved or not."""
    with stretches(settings) as kafka:
        found = dict.fromkeys((topic.name for topic in CONSUMED), 0)
        for (topic, _), (begin, end) in kafka.spans(DEAD_LETTERS).items():
            found[SOURCES[topic].name] += end - begin
        return found


@dataclass
class _Backwards:
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


def _going_on(spans: Mapping[Place, Span], cursor: Mapping[Place, int] | None) -> dict[Place, Span]:
    """From a cursor on, a partition that it does not name is over or was empty then."""
    if cursor is None:
        return dict(spans)
    return {
        place: (begin, min(max(cursor[place], begin), end))
        for place, (begin, end) in spans.items()
        if place in cursor
    }


def _read_cursor(text: str | None) -> dict[Place, int] | None:
    if text is None:
        return None
    try:
        told = json.loads(base64.urlsafe_b64decode(text.encode("ascii")))
        found = {}
        for name, offset in told.items():
            topic, _, partition = name.rpartition("/")
            found[topic, int(partition)] = int(offset)
    except (ValueError, AttributeError, TypeError) as error:
        raise BadCursor(f"{text[:60]!r} is not where a page ended; take its `next`") from error
    return found


def _place(letter_id: str) -> tuple[Place, int]:
    topic, _, rest = letter_id.partition("/")
    partition, _, offset = rest.partition("/")
    if topic not in SOURCES or not partition.isdecimal() or not offset.isdecimal():
        example = f"{next(iter(SOURCES))}/0/17"
        raise NoSuchLetter(
            f"{letter_id[:120]!r} is no dead letter; an id is topic/partition/offset, such as"
            f" {example}, as `list` shows them"
        )
    return (topic, int(partition)), int(offset)
