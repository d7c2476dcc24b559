"""The real Kafka behind dashboard and gateway: a client that also reads feeds back."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from services.ops.kafka.feed_index import FeedIndex, Place, Request
from services.ops.kafka.kafka_port import HEARD
from shared.client.asynchronous import AsyncClient
from shared.domain.errors import Unavailable, Unprocessable
from shared.events import ImageCandidates, RankedFeed
from shared.events.topics import FEEDS, Topic
from shared.events.types.base import Event
from shared.events.wire.codec import decode
from shared.events.wire.record import Record
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.read.by_key import Places, Since, records_since
from shared.messaging.read.fetch import RecordFetcher
from shared.messaging.read.tail import tail

log = logging.getLogger(__name__)
READ_BACK: Final = 2_000
"""Latest feeds of a partition that are found again after a restart."""
MOST_LOOKING_BACK: Final = 4
"""Streams that look for what they missed at once: each takes a thread and a connection to Kafka,
and after a restart all of them come back together."""


class LiveKafka(AsyncClient):
    """A `KafkaSide`, and what health asks about it."""

    def __init__(self, settings: MessagingSettings) -> None:
        super().__init__(settings, topics=HEARD)
        self._fetcher = RecordFetcher(settings)
        self._feeds = FeedIndex()
        self._looking_back = asyncio.Semaphore(MOST_LOOKING_BACK)
        self._finding: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await super().start()
        await self._fetcher.start()
        self._finding = asyncio.create_task(self._find_earlier_feeds())

    async def stop(self) -> None:
        if self._finding is not None:
            self._finding.cancel()
            with suppress(asyncio.CancelledError):
                await self._finding
        await self._fetcher.stop()
        await super().stop()

    async def send(self, *events: Event) -> None:
        await super().send(*events)
        for event in events:
            if isinstance(event, ImageCandidates):
                self._feeds.expect((event.tenant, event.request_id))

    def hear(self, record: Record, event: Event | None) -> None:
        self._note(record, event)
        super().hear(record, event)

    async def feed(self, *, tenant: str, request_id: str) -> RankedFeed | None:
        """The feed of a request, read back; None when none is known. Raises `Unavailable`."""
        request = (tenant, request_id)
        place = self._feeds.place(request)
        if place is None:
            if self._finding is not None and not self._finding.done():
                if self._feeds.is_awaited(request):
                    return None
                raise Unavailable("kafka", "earlier feeds are still being found")
            return None
        record = await self._fetcher.at(FEEDS.name, place.partition, place.offset)
        event = decode(FEEDS, record) if record is not None else None
        return event if isinstance(event, RankedFeed) else None

    async def since(self, key: bytes, topics: Sequence[Topic], places: Places | None) -> Since:
        async with self._looking_back:
            return await asyncio.to_thread(records_since, self._settings, topics, key, places)

    def is_awaited(self, *, tenant: str, request_id: str) -> bool:
        return self._feeds.is_awaited((tenant, request_id))

    def failure(self) -> BaseException | None:
        """What it cannot go on after; a Kafka that is away comes back, and is none."""
        return self.reading_failure()

    def dead_because(self) -> str | None:
        failure = self.failure()
        return None if failure is None else f"nothing is heard of Kafka any more: {failure!r}"

    async def not_ready_because(self) -> str | None:
        return await self.silent_because()

    async def ended(self) -> None:
        """Wait for the failure that we cannot go on after, and raise it."""
        await self.until_reading_fails()

    def _note(self, record: Record, event: Event | None) -> None:
        if isinstance(event, RankedFeed):
            place = Place(record.partition, record.offset)
            self._feeds.add((event.tenant, event.request_id), place)

    async def _find_earlier_feeds(self) -> None:
        try:
            found = await asyncio.to_thread(_earlier_feeds, self._settings)
        except Unavailable as error:
            log.warning("feeds from before the start cannot be read back: %s", error)
            return
        for request, place in found:
            self._feeds.add(request, place)


def _earlier_feeds(settings: MessagingSettings) -> list[tuple[Request, Place]]:
    found = []
    for record in tail(settings, FEEDS, most=READ_BACK):
        with suppress(Unprocessable):
            event = decode(FEEDS, record)
            place = Place(record.partition, record.offset)
            found.append(((event.tenant, getattr(event, "request_id", "")), place))
    return found
