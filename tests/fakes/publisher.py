"""A fake publisher that records the published events and tombstones."""

from shared.domain.errors import Unavailable
from shared.events.topics import Topic
from shared.events.types.base import Event


class RecordingPublisher:
    """A `Publisher`; raises `Unavailable` while `unavailable` is set to a reason."""

    def __init__(self) -> None:
        self.unavailable: str | None = None
        self.events: list[Event] = []
        self.tombstones: list[tuple[Topic, str]] = []

    async def publish(self, *events: Event) -> None:
        self._answer()
        self.events += events

    async def tombstone(self, topic: Topic, key: str) -> None:
        self._answer()
        self.tombstones.append((topic, key))

    def _answer(self) -> None:
        if self.unavailable:
            raise Unavailable("kafka", self.unavailable)
