"""Read which feeds Kafka holds from before the start, also after a flood of one user."""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from services.ops.kafka.feed_index import FeedLocation
from shared.domain.errors import Unavailable, Unprocessable
from shared.domain.requests.request_key import RequestKey
from shared.events import RankedFeed
from shared.events.topics import FEEDS
from shared.events.wire.codec import decode
from shared.events.wire.record import Record
from shared.messaging.client.kafka_types import OffsetRange, Partition
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.read.bounded_reader import bounded_reader
from shared.messaging.read.limits import ReadLimits

log = logging.getLogger(__name__)
INDEXED_AT_START: Final = 2_000
"""Latest feeds of each partition that are indexed after a restart."""
SEARCHED_IN_A_FLOOD: Final = 100_000
"""Latest records of a partition that are searched for the feeds of others when one user has more
than half of the latest: seconds, because the feeds of that user are not decoded."""
FLOOD_LIMITS: Final = ReadLimits(total_seconds=60.0)
"""Until the search ends, a feed that is not known yet gets 503 instead of 404."""


@dataclass(frozen=True)
class EarlierFeed:
    """A feed in Kafka: its request and its place."""

    request: RequestKey
    request_hash: str | None
    location: FeedLocation


def earlier_feeds(
    settings: MessagingSettings,
    *,
    per_partition: int = INDEXED_AT_START,
    in_a_flood: int = SEARCHED_IN_A_FLOOD,
) -> list[EarlierFeed]:
    """The latest feeds, those of each partition oldest first; raises `Unavailable`."""
    records_of: Counter[tuple[Partition, bytes | None]] = Counter()

    def counted(records: Iterable[Record]) -> Iterator[Record]:
        for record in records:
            records_of[_place(record)] += 1
            yield record

    with bounded_reader(settings) as reader:
        available = reader.available([FEEDS])
        latest = {p: _last(offsets, per_partition) for p, offsets in available.items()}
        feeds = list(_feeds(counted(reader.records(latest))))
    floods = {place for place, count in records_of.items() if count > per_partition / 2}
    if not floods:
        return feeds
    older = {
        p: (_last(available[p], in_a_flood)[0], latest[p][0])
        for p in {partition for partition, _ in floods}
    }
    try:
        with bounded_reader(settings, limits=FLOOD_LIMITS) as reader:
            others = (r for r in reader.records(older) if _place(r) not in floods)
            return [*_feeds(others), *feeds]
    except Unavailable as error:
        log.warning("feeds from before a flood of one user cannot be read back: %s", error)
        return feeds


def _place(record: Record) -> tuple[Partition, bytes | None]:
    return (record.topic, record.partition), record.key


def _last(offsets: OffsetRange, count: int) -> OffsetRange:
    begin, end = offsets
    return max(begin, end - count), end


def _feeds(records: Iterable[Record]) -> Iterator[EarlierFeed]:
    for record in records:
        try:
            feed = decode(FEEDS, record)
        except Unprocessable:
            continue
        if isinstance(feed, RankedFeed):
            location = FeedLocation(record.partition, record.offset)
            yield EarlierFeed(feed.request_key, feed.request_hash, location)
