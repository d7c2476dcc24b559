"""Let a stream of a person's events go on where it broke: each event's id says where that is."""

import json
import re
from collections.abc import AsyncIterator, Callable
from typing import Final

from services.ops.http.problems import Problem
from services.ops.http.streaming import Told
from services.ops.kafka.kafka_port import KafkaSide
from shared.domain.errors import Unprocessable
from shared.events.topics import FEEDS, PROFILES, Topic, topic_named
from shared.events.types.base import Event
from shared.events.wire.codec import decode
from shared.events.wire.record import Record
from shared.messaging.read.by_key import KeyPlace, Places

TOLD: Final[tuple[Topic, ...]] = (FEEDS, PROFILES)
NAMES: Final = frozenset(topic.name for topic in TOLD)
GAP: Final = "gap"
"""Name of the event that says: some are missing."""
MISSING: Final = (
    "Some of what happened since then cannot be told any more; read the profile and the feeds that"
    " were asked for."
)
PLACE: Final = re.compile(r"([a-z0-9.]{1,100}):([0-9]{1,9}):([0-9]{1,18})")


def id_of(places: Places) -> str:
    """Where to go on, in one word that a browser keeps and sends back."""
    return ",".join(
        f"{topic}:{place.partition}:{place.offset}" for topic, place in sorted(places.items())
    )


def places_of(told: str) -> Places:
    """Reads what `id_of` wrote; raises a 400."""
    found = [PLACE.fullmatch(one) for one in told.split(",")]
    places = {
        one[1]: KeyPlace(int(one[2]), int(one[3])) for one in found if one and one[1] in NAMES
    }
    if len(places) != len(found):
        raise Problem(
            400, "no-such-event-id", "Last-Event-ID must be the `id` of an event of this stream."
        )
    return places


async def news_of(kafka: KafkaSide, key: bytes, since: Places | None) -> AsyncIterator[Told]:
    """What a reader has missed since it left off, then everything as it happens, each once.

    The first has an id alone: whoever loses the connection before anything came can go on too.
    Raises `Unavailable`.
    """
    async with kafka.listening(wanted(key)) as heard:
        missed = await kafka.since(key, TOLD, since)
        places = dict(since or missed.places)
        if not missed.is_whole:
            yield id_of(places), GAP, json.dumps({"reason": MISSING})
        for record in missed.records:
            places[record.topic] = KeyPlace(record.partition, record.offset + 1)
            if (event := _event(record)) is not None:
                yield id_of(places), record.topic, event.model_dump_json()
        places = dict(missed.places)
        yield id_of(places), "", ""
        async for record, event in heard:
            begins = missed.places[record.topic]
            if record.partition == begins.partition and record.offset < begins.offset:
                continue
            places[record.topic] = KeyPlace(record.partition, record.offset + 1)
            if event is not None:
                yield id_of(places), record.topic, event.model_dump_json()


def wanted(key: bytes) -> Callable[[Record], bool]:
    return lambda record: record.topic in NAMES and record.key == key


def _event(record: Record) -> Event | None:
    """None for a tombstone, and for what nobody can read."""
    if record.value is None:
        return None
    try:
        return decode(topic_named(record.topic), record)
    except Unprocessable:
        return None
