"""Read the recent events of a user from Kafka, within a bounded number of records."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from services.ops.kafka.cluster import Cluster
from services.ops.pages.users.user_ref import UserRef
from shared.client.user_records import records_about
from shared.domain.clock import system_clock
from shared.domain.errors import Unprocessable
from shared.domain.times.time_bounds import no_later_than_arrival, time_of_ms
from shared.events import Feedback, ImageCandidates, ProfileCorrected, RankedFeed
from shared.events.topics import CANDIDATES, CORRECTIONS, FEEDBACK, FEEDS, Topic, topic_named
from shared.events.types.base import Event
from shared.events.wire.codec import decode
from shared.events.wire.record import Record

PAGE_RECORDS: Final = 300
"""Latest records of each partition that a page searches: about a second and some megabytes."""
EXPORT_RECORDS: Final = 5_000
"""The same for an export, which can take a minute."""
PAGE_TOPICS: Final = (FEEDBACK, CORRECTIONS, FEEDS)
EXPORT_TOPICS: Final = (*PAGE_TOPICS, CANDIDATES)


@dataclass(frozen=True)
class HistoryLine:
    """One line of the history."""

    occurred_at: datetime
    text: str
    image_id: str | None = None


async def records_of(
    cluster: Cluster, user: UserRef, topics: Sequence[Topic], *, max_per_partition: int
) -> list[Record]:
    """Return the user's records, topic by topic, oldest first. Raises `Unavailable`."""
    records: list[Record] = []
    for topic in topics:
        latest = await cluster.latest(topic, max_per_partition=max_per_partition)
        records += records_about(latest, tenant=user.tenant, user_id=user.user_id)
    return records


def lines_of(records: Sequence[Record]) -> list[HistoryLine]:
    """Return a line per readable record, newest first."""
    lines = [line for record in records if (line := _line(record)) is not None]
    return sorted(lines, key=lambda line: line.occurred_at, reverse=True)


def _line(record: Record) -> HistoryLine | None:
    try:
        event = decode(topic_named(record.topic), record) if record.value is not None else None
    except Unprocessable:
        return None
    if event is None:
        return None
    # As the services see it: an event of a clock that is ahead is not above later ones.
    occurred_at = no_later_than_arrival(
        event.occurred_at, timestamp_ms=record.timestamp_ms, now=system_clock()
    )
    return HistoryLine(occurred_at, *_description(event))


def _description(event: Event) -> tuple[str, str | None]:
    """Return the text of a line, and its image."""
    match event:
        case Feedback():
            duration = f" for {event.dwell_ms / 1000:.1f} s" if event.dwell_ms else ""
            return event.type.replace("_", " ") + duration, event.image_id
        case ProfileCorrected():
            words = event.word or ", ".join(item.word for item in event.words or ())
            element = event.element.label if event.element else "everything"
            return " ".join(filter(None, (event.action, element, words))), None
        case RankedFeed():
            return f"feed of {len(event.items)} pictures, {event.status.replace('_', ' ')}", None
        case ImageCandidates():
            return f"request to rank {len(event.candidates)} pictures", None
        case _:
            return event.event_type, None


def as_json(record: Record) -> dict[str, Any]:
    """Return a record for an export: its position, its time, and the text of its value."""
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "written_at": time_of_ms(record.timestamp_ms).isoformat(),
        "value": (record.value or b"").decode("utf-8", "replace"),
    }
