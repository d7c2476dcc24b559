"""Find in Kafka what somebody did of late, and what was answered: bounded, whatever lies there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from services.ops.kafka.cluster import Cluster
from services.ops.pages.users.user_access import Person
from shared.client.user_records import records_about
from shared.domain.errors import Unprocessable
from shared.events import Feedback, ImageCandidates, ProfileCorrected, RankedFeed
from shared.events.topics import CANDIDATES, CORRECTIONS, FEEDBACK, FEEDS, Topic, topic_named
from shared.events.types.base import Event
from shared.events.wire.codec import decode
from shared.events.wire.record import Record

LOOKED_BACK: Final = 300
"""Latest records of each partition that a page looks through: a second, and some megabytes."""
EXPORTED_BACK: Final = 5_000
"""The same for an export, which may take a minute."""
SHOWN: Final = (FEEDBACK, CORRECTIONS, FEEDS)
EXPORTED: Final = (*SHOWN, CANDIDATES)


@dataclass(frozen=True)
class Happened:
    """One line of a history."""

    when: datetime
    what: str
    image_id: str | None = None


async def records_of(
    cluster: Cluster, person: Person, topics: Sequence[Topic], *, most: int
) -> list[Record]:
    """Of each topic in turn, oldest first; raises `Unavailable`."""
    found: list[Record] = []
    for topic in topics:
        latest = await cluster.latest(topic, most=most)
        found += records_about(latest, tenant=person.tenant, user_id=person.user)
    return found


def told(records: Sequence[Record]) -> list[Happened]:
    """The records that can be read as lines, newest first."""
    lines = [line for record in records if (line := _line(record)) is not None]
    return sorted(lines, key=lambda line: line.when, reverse=True)


def _line(record: Record) -> Happened | None:
    try:
        event = decode(topic_named(record.topic), record) if record.value is not None else None
    except Unprocessable:
        return None
    return Happened(event.occurred_at, *_said(event)) if event else None


def _said(event: Event) -> tuple[str, str | None]:
    match event:
        case Feedback():
            looked = f" for {event.dwell_ms / 1000:.1f} s" if event.dwell_ms else ""
            return event.type.replace("_", " ") + looked, event.image_id
        case ProfileCorrected():
            words = event.word or ", ".join(one.word for one in event.words or ())
            element = event.element.spoken if event.element else "everything"
            return " ".join(filter(None, (event.action, element, words))), None
        case RankedFeed():
            return f"feed of {len(event.items)} pictures, {event.status.replace('_', ' ')}", None
        case ImageCandidates():
            return f"asked to rank {len(event.candidates)} pictures", None
        case _:
            return event.event_type, None


def as_json(record: Record) -> dict[str, Any]:
    """A record as an export carries it: its place, its moment, and the text of its value."""
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "written_at": datetime.fromtimestamp(record.timestamp_ms / 1000, UTC).isoformat(),
        "value": (record.value or b"").decode("utf-8", "replace"),
    }
