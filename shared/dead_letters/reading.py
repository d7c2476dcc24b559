"""Read dead letters a page at a time, the newest first, however many there are."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from shared.dead_letters.dead_letter import SOURCES, Letter, Wanted, letter_of
from shared.dead_letters.record_cache import Known
from shared.dead_letters.reverse_reader import Backwards
from shared.events.topics import CONSUMED, DEAD_LETTERS
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.read.offset_ranges import Place, Span, stretches

PAGE: Final = 50
MOST_LOOKED_AT: Final = 10_000
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
        backwards = Backwards(kafka, known.records, spans, passed_over)
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
    (found,) = several(settings, [letter_id], known=known)
    return found


def several(
    settings: MessagingSettings, letter_ids: Sequence[str], *, known: Known | None = None
) -> tuple[Letter, ...]:
    """The dead letters of these ids; raises `Unavailable` and `NoSuchLetter`."""
    places = [_place(letter_id) for letter_id in letter_ids]
    known = known or Known()
    with stretches(settings) as kafka:
        spans = kafka.spans([t for t in DEAD_LETTERS if any(t.name == p[0] for p, _ in places)])
        known.records.keep_to(spans)
        resolved = known.resolutions.read(kafka)
        found = []
        for place, offset in places:
            begin, end = spans.get(place, (0, 0))
            there = begin <= offset < end
            records = known.records.read(kafka, {place: (offset, offset + 1)}) if there else []
            if not records:
                raise NoSuchLetter(_not_there(place, offset, (begin, end)))
            found.append(letter_of(records[0], resolved))
        return tuple(found)


def counts(settings: MessagingSettings) -> dict[str, int]:
    """How many dead letters lie in each topic, by the topic they came from, resolved or not."""
    with stretches(settings) as kafka:
        found = dict.fromkeys((topic.name for topic in CONSUMED), 0)
        for (topic, _), (begin, end) in kafka.spans(DEAD_LETTERS).items():
            found[SOURCES[topic].name] += end - begin
        return found


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


def _not_there(place: Place, offset: int, span: Span) -> str:
    where, (begin, end) = f"{place[0]}/{place[1]}", span
    if end <= begin:
        return f"there is no dead letter {where}/{offset}: {where} is empty"
    return (
        f"there is no dead letter {where}/{offset}: {where} has offsets {begin} to {end - 1} now;"
        " older ones were deleted after 30 days"
    )


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
