"""What a service sees of Kafka: events that arrive, and a way to publish; no broker in sight."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from shared.events.topics import Topic
from shared.events.types.base import Event
from shared.events.wire.record import Record

EventT = TypeVar("EventT", bound=Event)


@dataclass(frozen=True)
class Delivery:
    """How an event came: the record it was decoded from."""

    record: Record


Handle = Callable[[EventT, Delivery], Awaitable[None]]
"""Takes one event to its effect; the record is done when this returns.

Raises `Unprocessable` for a dead letter, `Unavailable` to be tried again; anything else is a bug,
which is tried a bounded number of times and then set aside with its traceback.
"""


class Publisher(Protocol):
    """Sends events. Returns when Kafka has acknowledged them; raises `Unavailable` otherwise."""

    async def publish(self, *events: Event) -> None: ...

    async def tombstone(self, topic: Topic, key: str) -> None:
        """Remove a key from a compacted topic."""
        ...
