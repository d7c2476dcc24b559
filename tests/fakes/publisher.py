"""A fake publisher that records the published events, tombstones and records."""

from shared.domain.errors import Unavailable
from shared.events.topics import Topic
from shared.events.types.base import Event
from shared.events.wire.record import Outgoing


class RecordingPublisher:
    """A `Publisher`; raises `Unavailable` while `unavailable` is set to a reason."""

    def __init__(self) -> None:
        self.unavailable: str | None = None
        self.events: list[Event] = []
        self.tombstones: list[tuple[Topic, str]] = []
        self.records: list[Outgoing] = []

    async def publish(self, *events: Event) -> None:
        self._answer()
        self.events += events

    async def tombstone(self, topic: Topic, key: str) -> None:
        self._answer()
        self.tombstones.append((topic, key))

    async def send(self, *records: Outgoing) -> None:
        self._answer()
        self.records += records

    def _answer(self) -> None:
        if self.unavailable:
            raise Unavailable("kafka", self.unavailable)
