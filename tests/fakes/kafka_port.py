"""A fake Kafka port for the gateway: records sent events, and answers as a test sets."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence, Set
from contextlib import asynccontextmanager

from shared.client import NoAnswer
from shared.client.asynchronous import ReceivedRecord
from shared.client.catalog import removal
from shared.domain.errors import Unavailable
from shared.domain.requests.request_key import RequestKey
from shared.events import DEFAULT_TENANT, ImageCandidates, RankedFeed
from shared.events.topics import Topic
from shared.events.types.base import Event
from shared.events.wire.codec import encode
from shared.events.wire.record import Record
from shared.messaging.read.by_key import KeyPosition, KeyPositions, RecordsSince


class FakeKafkaPort:
    """A `KafkaPort`; raises `Unavailable` while `unavailable` is set to a reason."""

    def __init__(self) -> None:
        self.unavailable: str | None = None
        self.sent: list[Event] = []
        self.removed: list[bytes | None] = []
        """Keys of the tombstones that were sent for images of the catalog."""
        self.feed_for: Callable[[ImageCandidates], RankedFeed | None] = lambda event: None
        self._listeners: set[asyncio.Queue[ReceivedRecord]] = set()
        self._listened = asyncio.Event()
        self.streams_end = False
        self._offset = 0
        self.delivered: list[Record] = []
        self.has_forgotten = False
        self.feeds: dict[RequestKey, RankedFeed] = {}
        self._awaited: set[RequestKey] = set()

    async def send(self, *events: Event) -> None:
        self._answers()
        for event in events:
            encode(event)
        self.sent += events
        self._awaited |= {
            event.request_key for event in events if isinstance(event, ImageCandidates)
        }

    async def remove_images(self, *image_ids: str, tenant: str | None = None) -> None:
        self._answers()
        self.removed += [removal(i, tenant=tenant or DEFAULT_TENANT).key for i in image_ids]

    async def feed(self, request: RequestKey) -> RankedFeed | None:
        self._answers()
        return self.feeds.get(request)

    def users_of(self, *, tenant: str, request_id: str) -> Set[str]:
        self._answers()
        known = {*self.feeds, *self._awaited}
        return {user for t, user, r in known if (t, r) == (tenant, request_id)}

    def is_awaited(self, request: RequestKey) -> bool:
        return request in self._awaited

    async def answer(self, event: ImageCandidates, *, seconds: float) -> RankedFeed:
        await self.send(event)
        feed = self.feed_for(event)
        if feed is None:
            raise NoAnswer(event.request_id, seconds=seconds)
        self.deliver(feed)
        return feed

    def deliver(self, event: Event) -> None:
        """Deliver an event to all listeners."""
        sent = encode(event)
        self._offset += 1
        if isinstance(event, RankedFeed):
            self.feeds[event.request_key] = event
            self._awaited.discard(event.request_key)
        record = Record(sent.topic, 0, self._offset, 0, sent.key, sent.value, sent.headers)
        self.delivered.append(record)
        for queue in self._listeners:
            queue.put_nowait((record, event))

    async def since(
        self, key: bytes, topics: Sequence[Topic], places: KeyPositions | None
    ) -> RecordsSince:
        self._answers()
        now = {topic.name: KeyPosition(0, self._offset + 1) for topic in topics}
        if places is None:
            return RecordsSince((), now, is_complete=True)
        records = [
            r for r in self.delivered if r.key == key and r.topic in places
            and r.offset >= places[r.topic].offset
        ]  # fmt: skip
        return RecordsSince(records, now, is_complete=not self.has_forgotten)

    async def wait_for_listener(self) -> None:
        """Wait until there is a listener."""
        await self._listened.wait()

    @asynccontextmanager
    async def listening(
        self, wanted: Callable[[Record], bool] = lambda record: True
    ) -> AsyncIterator[AsyncIterator[ReceivedRecord]]:
        queue: asyncio.Queue[ReceivedRecord] = asyncio.Queue()
        self._listeners.add(queue)
        self._listened.set()

        async def records() -> AsyncIterator[ReceivedRecord]:
            while not self.streams_end:
                record, event = await queue.get()
                if wanted(record):
                    yield record, event

        try:
            yield records()
        finally:
            self._listeners.discard(queue)

    def dead_because(self) -> str | None:
        return None

    async def not_ready_because(self) -> str | None:
        return self.unavailable

    def _answers(self) -> None:
        if self.unavailable:
            raise Unavailable("kafka", self.unavailable)
