"""The Kafka client of dashboard and gateway: an `AsyncClient` that also reads feeds back."""

import asyncio
import logging
from collections.abc import Sequence, Set
from contextlib import suppress
from typing import Final

from services.ops.kafka.earlier_feeds import earlier_feeds
from services.ops.kafka.feed_index import FeedIndex, FeedLocation
from services.ops.kafka.kafka_port import READ_TOPICS
from shared.client.asynchronous import AsyncClient
from shared.domain.errors import Unavailable
from shared.domain.requests.request_key import RequestKey
from shared.events import ImageCandidates, RankedFeed
from shared.events.topics import FEEDS, Topic
from shared.events.types.base import Event
from shared.events.wire.codec import decode
from shared.events.wire.record import Record
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.read.by_key import KeyPositions, RecordsSince, records_since
from shared.messaging.read.record_fetcher import RecordFetcher

log = logging.getLogger(__name__)
MAX_CATCH_UPS: Final = 4
"""Streams that read missed events at the same time. Each needs a thread and a connection to Kafka,
and after a restart all clients reconnect together."""


class KafkaAdapter(AsyncClient):
    """A `KafkaPort` on Kafka, with the health checks of the process."""

    def __init__(self, settings: MessagingSettings) -> None:
        super().__init__(settings, topics=READ_TOPICS)
        self._fetcher = RecordFetcher(settings)
        self._feeds = FeedIndex()
        self._catch_ups = asyncio.Semaphore(MAX_CATCH_UPS)
        self._indexing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await super().start()
        await self._fetcher.start()
        self._indexing = asyncio.create_task(self._index_earlier_feeds())

    async def stop(self) -> None:
        if self._indexing is not None:
            self._indexing.cancel()
            with suppress(asyncio.CancelledError):
                await self._indexing
        await self._fetcher.stop()
        await super().stop()

    async def send(self, *events: Event) -> None:
        await super().send(*events)
        for event in events:
            if isinstance(event, ImageCandidates):
                self._feeds.expect(event.request_key, request_hash=event.request_hash())

    def dispatch(self, record: Record, event: Event | None) -> None:
        self._note(record, event)
        super().dispatch(record, event)

    async def feed(self, request: RequestKey) -> RankedFeed | None:
        """Read back the latest feed of a request; None if it is unknown. Raises `Unavailable`."""
        awaited_hash = self._feeds.awaited_hash(request)
        location = self._feeds.location(request)
        if location is None:
            if awaited_hash is None:
                self._check_indexed()
            return None
        record = await self._fetcher.fetch(FEEDS.name, location.partition, location.offset)
        event = decode(FEEDS, record) if record is not None else None
        # In a topic that was deleted and created again, the offset holds another user's feed.
        if not isinstance(event, RankedFeed) or event.request_key != request:
            return None
        if awaited_hash is not None and event.request_hash not in (None, awaited_hash):
            return None  # A request with the same id and other content is in work.
        return event

    def users_of(self, *, tenant: str, request_id: str) -> Set[str]:
        self._check_indexed()
        return self._feeds.users(tenant=tenant, request_id=request_id)

    async def since(
        self, key: bytes, topics: Sequence[Topic], positions: KeyPositions | None
    ) -> RecordsSince:
        async with self._catch_ups:
            return await asyncio.to_thread(records_since, self._settings, topics, key, positions)

    def is_awaited(self, request: RequestKey) -> bool:
        return self._feeds.awaited_hash(request) is not None

    def failure(self) -> BaseException | None:
        """Return a fatal failure, or None. An outage of Kafka is not fatal."""
        return self.reader_failure()

    def dead_because(self) -> str | None:
        failure = self.failure()
        return None if failure is None else f"reading from Kafka has stopped: {failure!r}"

    async def not_ready_because(self) -> str | None:
        return await self.unavailable_because()

    async def not_started_because(self) -> str | None:
        return await self.unavailable_because()

    async def ended(self) -> None:
        """Wait for a fatal failure, and raise it."""
        await self.until_reader_fails()

    def _note(self, record: Record, event: Event | None) -> None:
        if isinstance(event, RankedFeed):
            location = FeedLocation(record.partition, record.offset)
            self._feeds.add(event.request_key, location, request_hash=event.request_hash)

    def _check_indexed(self) -> None:
        """Raise `Unavailable` while feeds from before the start are unknown."""
        if self._indexing is not None and not self._indexing.done():
            raise Unavailable("kafka", "feeds from before the start are still being indexed")

    async def _index_earlier_feeds(self) -> None:
        try:
            feeds = await asyncio.to_thread(earlier_feeds, self._settings)
        except Unavailable as error:
            log.warning("feeds from before the start cannot be read back: %s", error)
            return
        for feed in feeds:
            self._feeds.add(feed.request, feed.location, request_hash=feed.request_hash)
