"""Resume a stream of a user's events after a break: each event id holds the Kafka positions."""

import json
import re
from collections.abc import AsyncIterator, Callable
from typing import Final

from services.ops.http.problems import Problem
from services.ops.http.streaming import ServerSentEvent
from services.ops.kafka.kafka_port import KafkaPort
from shared.domain.errors import Unprocessable
from shared.events.topics import FEEDS, PROFILES, Topic, topic_named
from shared.events.types.base import Event
from shared.events.wire.codec import decode
from shared.events.wire.record import Record
from shared.messaging.read.by_key import KeyPosition, KeyPositions

STREAM_TOPICS: Final[tuple[Topic, ...]] = (FEEDS, PROFILES)
TOPIC_NAMES: Final = frozenset(topic.name for topic in STREAM_TOPICS)
GAP: Final = "gap"
"""Name of the event that reports missing events."""
MISSING: Final = (
    "Some events since then are no longer available; read the profile and the requested feeds"
    " instead."
)
POSITION: Final = re.compile(r"([a-z0-9.]{1,100}):([0-9]{1,9}):([0-9]{1,18})")


def event_id_of(positions: KeyPositions) -> str:
    """Format positions as an event id. Browsers keep the last id and send it back."""
    return ",".join(
        f"{topic}:{position.partition}:{position.offset}"
        for topic, position in sorted(positions.items())
    )


def positions_of(event_id: str) -> KeyPositions:
    """Parse an id of `event_id_of`. Raises a 400."""
    matches = [POSITION.fullmatch(part) for part in event_id.split(",")]
    positions = {
        match[1]: KeyPosition(int(match[2]), int(match[3]))
        for match in matches
        if match and match[1] in TOPIC_NAMES
    }
    if len(positions) != len(matches):
        raise Problem(
            400, "no-such-event-id", "Last-Event-ID must be the `id` of an event of this stream."
        )
    return positions


async def resumed_events(
    kafka: KafkaPort, key: bytes, since: KeyPositions | None
) -> AsyncIterator[ServerSentEvent]:
    """Yield the events that the client missed, then new events as they arrive, each once.

    An event with only an id comes between them. So a client that loses the connection before the
    first new event can also resume. Raises `Unavailable`.
    """
    async with kafka.listening(has_key(key)) as new_records:
        missed = await kafka.since(key, STREAM_TOPICS, since)
        positions = dict(since or missed.positions)
        if not missed.is_complete:
            yield event_id_of(positions), GAP, json.dumps({"reason": MISSING})
        for record in missed.records:
            positions[record.topic] = KeyPosition(record.partition, record.offset + 1)
            if (event := _event(record)) is not None and _has_key(event, key):
                yield event_id_of(positions), record.topic, event.model_dump_json()
        positions = dict(missed.positions)
        yield event_id_of(positions), "", ""
        async for record, event in new_records:
            start = missed.positions[record.topic]
            if record.partition == start.partition and record.offset < start.offset:
                continue  # Already sent as a missed event.
            positions[record.topic] = KeyPosition(record.partition, record.offset + 1)
            if event is not None and _has_key(event, key):
                yield event_id_of(positions), record.topic, event.model_dump_json()


def has_key(key: bytes) -> Callable[[Record], bool]:
    """Return a filter for the stream's topics and one key."""
    return lambda record: record.topic in TOPIC_NAMES and record.key == key


def _has_key(event: Event, key: bytes) -> bool:
    """Whether the event is about the user of the stream, whatever key its producer chose."""
    return event.key.encode() == key


def _event(record: Record) -> Event | None:
    """Return None for a tombstone, and for a record that cannot be decoded."""
    if record.value is None:
        return None
    try:
        return decode(topic_named(record.topic), record)
    except Unprocessable:
        return None
