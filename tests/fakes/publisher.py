"""Keep what was published, in order, instead of sending it."""

from shared.domain.errors import Unavailable
from shared.events.topics import Topic
from shared.events.types.base import Event


class Published:
    """A `Publisher`; away while `away` says why."""

    def __init__(self) -> None:
        self.away: str | None = None
        self.events: list[Event] = []
        self.tombstones: list[tuple[Topic, str]] = []

    async def publish(self, *events: Event) -> None:
        self._answer()
        self.events += events

    async def tombstone(self, topic: Topic, key: str) -> None:
        self._answer()
        self.tombstones.append((topic, key))

    def _answer(self) -> None:
        if self.away:
            raise Unavailable("kafka", self.away)
