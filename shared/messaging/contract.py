"""The interface between services and Kafka: handlers of events, and a publisher."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from shared.events.topics import Topic
from shared.events.types.base import Event
from shared.events.wire.record import Record

EventT = TypeVar("EventT", bound=Event)


@dataclass(frozen=True)
class Delivery:
    """The record that an event was decoded from."""

    record: Record


Handle = Callable[[EventT, Delivery], Awaitable[None]]
"""Handles one event; the record is done when this returns.

Raises `Unprocessable` to make a dead letter, and `Unavailable` to be retried. Any other exception
is a bug: the event is retried a limited number of times and then becomes a dead letter; the
traceback is in the log.
"""

HandleTombstone = Callable[[Delivery], Awaitable[None]]
"""Handles a record without a value, which removes its key; raises like `Handle`."""


class Publisher(Protocol):
    """Publishes events. Returns when Kafka has acknowledged them, else raises `Unavailable`."""

    async def publish(self, *events: Event) -> None: ...

    async def tombstone(self, topic: Topic, key: str) -> None:
        """Remove a key from a compacted topic."""
        ...
