"""Read dead letters from Kafka: a page of them, newest first, or some by id."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from shared.dead_letters.dead_letter import (
    SOURCES,
    DeadLetter,
    DeadLetterFilter,
    dead_letter_of,
)
from shared.dead_letters.record_cache import DeadLetterCache
from shared.dead_letters.reverse_reader import ReverseReader
from shared.domain.times.time_bounds import written_time
from shared.events.topics import DEAD_LETTERS
from shared.messaging.client.kafka_types import OffsetRange, Partition
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.read.bounded_reader import bounded_reader

PAGE: Final = 50
MAX_SCANNED: Final = 10_000
"""Most records that one page scans: a short page may therefore have a next page."""


class DeadLetterNotFound(Exception):
    """No dead letter has this id; the text shows the form of an id."""


class InvalidCursor(Exception):
    """The cursor of the next page is not one that `Page.next` returned."""


@dataclass(frozen=True)
class Page:
    """Some dead letters, newest first."""

    letters: tuple[DeadLetter, ...]
    next: str | None
    """The cursor of the next page; None when there is nothing older."""
    scanned: int
    """Records that were read to fill the page."""


def find(
    settings: MessagingSettings,
    wanted: DeadLetterFilter,
    *,
    after: str | None = None,
    limit: int = PAGE,
    cache: DeadLetterCache | None = None,
) -> Page:
    """At most `limit` matching dead letters after the cursor `after`, newest first.

    `cache` keeps records and resolutions from call to call.
    Raises `Unavailable` and `InvalidCursor`.
    """
    topics = [t for t in DEAD_LETTERS if wanted.topic in (None, SOURCES[t.name].name)]
    with bounded_reader(settings) as reader:
        cache = cache or DeadLetterCache()
        resolved = cache.resolutions.read(reader)
        available = reader.available(topics)
        cache.records.forget_outside(available)
        ranges = _ranges_after(available, _read_cursor(after))
        skipped = frozenset() if wanted.resolved else resolved.keys()
        newest_first = ReverseReader(reader, cache.records, ranges, skipped)
        letters: list[DeadLetter] = []
        for record in newest_first:
            letter = dead_letter_of(record, resolved)
            # A record without a plausible timestamp says nothing about the age of the next ones.
            is_dated = written_time(record.timestamp_ms) is not None
            if wanted.since is not None and is_dated and letter.set_aside_at < wanted.since:
                newest_first.end()
                break
            if wanted.matches(letter):
                letters.append(letter)
            if len(letters) >= limit or newest_first.scanned >= MAX_SCANNED:
                break
        return Page(tuple(letters), newest_first.cursor(), newest_first.scanned)


def get(
    settings: MessagingSettings,
    letter_ids: Sequence[str],
    *,
    cache: DeadLetterCache | None = None,
) -> tuple[DeadLetter, ...]:
    """The dead letters with these ids; raises `Unavailable` and `DeadLetterNotFound`."""
    locations = [_location(letter_id) for letter_id in letter_ids]
    names = {partition[0] for partition, _ in locations}
    cache = cache or DeadLetterCache()
    with bounded_reader(settings) as reader:
        available = reader.available([topic for topic in DEAD_LETTERS if topic.name in names])
        cache.records.forget_outside(available)
        resolved = cache.resolutions.read(reader)
        letters = []
        for partition, offset in locations:
            begin, end = available.get(partition, (0, 0))
            one_offset = {partition: (offset, offset + 1)} if begin <= offset < end else {}
            records = cache.records.read(reader, one_offset)
            if not records:
                raise DeadLetterNotFound(_not_found(partition, offset, (begin, end)))
            letters.append(dead_letter_of(records[0], resolved))
        return tuple(letters)


def _ranges_after(
    available: Mapping[Partition, OffsetRange], cursor: Mapping[Partition, int] | None
) -> dict[Partition, OffsetRange]:
    """The offsets older than the cursor; a partition that is not in it is finished."""
    if cursor is None:
        return dict(available)
    return {
        partition: (begin, min(max(cursor[partition], begin), end))
        for partition, (begin, end) in available.items()
        if partition in cursor
    }


def _read_cursor(text: str | None) -> dict[Partition, int] | None:
    if text is None:
        return None
    try:
        payload = json.loads(base64.urlsafe_b64decode(text.encode("ascii")))
        offsets = {}
        for name, offset in payload.items():
            topic, _, partition = name.rpartition("/")
            offsets[topic, int(partition)] = int(offset)
    except (ValueError, AttributeError, TypeError) as error:
        raise InvalidCursor(
            f"{text[:60]!r} is not a cursor of a page; use the page's `next`"
        ) from error
    return offsets


def _not_found(partition: Partition, offset: int, available: OffsetRange) -> str:
    name, (begin, end) = f"{partition[0]}/{partition[1]}", available
    if end <= begin:
        return f"there is no dead letter {name}/{offset}: {name} is empty"
    return (
        f"there is no dead letter {name}/{offset}: {name} has offsets {begin} to {end - 1} now;"
        " older ones were deleted after 30 days"
    )


def _location(letter_id: str) -> tuple[Partition, int]:
    topic, _, rest = letter_id.partition("/")
    partition, _, offset = rest.partition("/")
    if topic not in SOURCES or not partition.isdecimal() or not offset.isdecimal():
        example = f"{next(iter(SOURCES))}/0/17"
        raise DeadLetterNotFound(
            f"{letter_id[:120]!r} is not the id of a dead letter; an id is topic/partition/offset,"
            f" such as {example}, as `list` shows it"
        )
    return (topic, int(partition)), int(offset)
