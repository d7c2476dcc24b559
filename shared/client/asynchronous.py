"""The client for programs with an event loop: concurrent requests, and a stream of records."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import ConsumerStoppedError

from shared.client.catalog import CatalogImages, catalog_images, feed_request, next_page, removal
from shared.client.corrections import correction
from shared.client.requests import ANSWER_SECONDS, Images, NoAnswer, action, erasure, request
from shared.domain.errors import Unavailable, Unprocessable
from shared.domain.requests.request_key import RequestKey
from shared.events import (
    DEFAULT_TENANT,
    CatalogImage,
    Feedback,
    ImageCandidates,
    ProfileCorrected,
    RankedFeed,
    UserErase,
)
from shared.events.topics import FEEDS, MAX_RECORD_BYTES, PROFILES, Topic, topic_named
from shared.events.types.base import Event
from shared.events.types.correction import CorrectionAction
from shared.events.types.feedback import Action
from shared.events.wire.codec import decode
from shared.events.wire.record import Record
from shared.messaging.client.connection import Kafka, connection, settings_of
from shared.messaging.client.kafka_types import to_record
from shared.messaging.client.reachability import unreachable_because
from shared.messaging.client.start_limit import starting
from shared.messaging.consume.position_watch import PositionWatch
from shared.messaging.publisher import KafkaPublisher

log = logging.getLogger(__name__)
SAMPLE_SECONDS = 1.0
"""Interval of the checks whether a partition that cannot be read tries again."""
MAX_UNREAD = 1_000
"""Records that wait for a slow listener; when it falls further behind, it misses the oldest."""
DEFAULT_TOPICS = (FEEDS, PROFILES)

ReceivedRecord = tuple[Record, Event | None]
"""A record and its event; None for a tombstone, a dead letter or an undecodable record."""


@dataclass(frozen=True, eq=False)
class _Awaited:
    """A request that was sent, and the future of its feed."""

    request: ImageCandidates
    feed: asyncio.Future[RankedFeed]


class AsyncClient:
    """An app on one Kafka: one producer, one consumer without a group, any number of callers.

    It reads `topics` from the moment of its start. Raises `shared.domain.errors.Unavailable` when
    Kafka does not answer.
    """

    def __init__(
        self,
        kafka: Kafka,
        *,
        tenant: str = DEFAULT_TENANT,
        topics: tuple[Topic, ...] = DEFAULT_TOPICS,
    ) -> None:
        settings = settings_of(kafka)
        self._settings = settings
        self._tenant = tenant
        self._topics = topics
        self._publisher = KafkaPublisher(settings, client_id="preferstream-client")
        self._consumer: AIOKafkaConsumer | None = None
        self._reader: asyncio.Task[None] | None = None
        self._follower: asyncio.Task[None] | None = None
        self._watch = PositionWatch()
        self._awaited: dict[RequestKey, set[_Awaited]] = {}
        self._listeners: dict[asyncio.Queue[ReceivedRecord], Callable[[Record], bool]] = {}

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Connect, and read from the ends of the topics; raises `Unavailable`."""
        await self._publisher.start()
        self._consumer = AIOKafkaConsumer(
            **connection(self._settings),
            group_id=None,
            enable_auto_commit=False,
            max_partition_fetch_bytes=MAX_RECORD_BYTES,
            isolation_level=self._settings.kafka_isolation_level,
        )
        try:
            async with starting(self._settings):
                await self._consumer.start()
                await self._seek_to_ends(self._consumer)
        except BaseException:
            await self.stop()
            raise
        self._reader = asyncio.create_task(self._read(self._consumer))
        self._follower = asyncio.create_task(self._follow(self._consumer))

    async def _seek_to_ends(self, consumer: Any) -> None:
        # A consumer without a group learns the partitions of its topics only from this request.
        await consumer._client.force_metadata_update()
        partitions = [
            TopicPartition(topic.name, number)
            for topic in self._topics
            for number in sorted(consumer.partitions_for_topic(topic.name) or ())
        ]
        if not partitions:
            names = ", ".join(topic.name for topic in self._topics)
            address = self._settings.kafka_bootstrap_servers
            raise Unavailable("kafka", f"{address} has none of the topics {names}")
        consumer.assign(partitions)
        for partition, offset in (await consumer.end_offsets(partitions)).items():
            consumer.seek(partition, offset)

    async def stop(self) -> None:
        for task in (self._reader, self._follower):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        if self._consumer is not None:
            await _stop_consumer(self._consumer)
        await self._publisher.stop()
        self._reader = self._follower = self._consumer = None

    def reader_failure(self) -> BaseException | None:
        """The error that ended the reader task, if any; a temporary loss of Kafka does not."""
        reader = self._reader
        if reader is None or not reader.done() or reader.cancelled():
            return None
        return reader.exception()

    async def until_reader_fails(self) -> None:
        """Wait for the error that ends the reader task, and raise it."""
        assert self._reader is not None
        await asyncio.shield(self._reader)

    async def unavailable_because(self) -> str | None:
        """Why no records can be read now, or None."""
        consumer = self._consumer
        if consumer is None or self._reader is None:
            return "the client has not started"
        return await unreachable_because(consumer)

    def unreadable_because(self) -> str | None:
        """Which partitions cannot be read now and why, or None; the others are read."""
        return "; ".join(self._watch.problems()) or None

    def blocked_partitions(self) -> int:
        """Number of partitions that cannot be read now."""
        return self._watch.blocked_partitions

    async def send(self, *events: Event) -> None:
        """Publish events; returns when Kafka has acknowledged every one."""
        await self._publisher.publish(*events)

    async def act(self, user_id: str, type: Action, image_id: str, **fields: Any) -> Feedback:
        """Send a user's action on an image; an image that no feed has shown needs its `uri`."""
        event = action(user_id, type, image_id, **{"tenant": self._tenant, **fields})
        await self.send(event)
        return event

    async def correct(
        self, user_id: str, action: CorrectionAction, **fields: Any
    ) -> ProfileCorrected:
        """Send a correction, which overrides the predicted taste: `element`, `side`, `word`."""
        event = correction(user_id, action, **{"tenant": self._tenant, **fields})
        await self.send(event)
        return event

    async def erase(self, user_id: str, **fields: Any) -> UserErase:
        """Request a user's erasure; each service answers with one `user.erased.v1`."""
        event = erasure(user_id, **{"tenant": self._tenant, **fields})
        await self.send(event)
        return event

    async def rank(
        self, user_id: str, images: Images, *, seconds: float = ANSWER_SECONDS, **fields: Any
    ) -> RankedFeed:
        """Send candidates and wait for their feed; raises `NoAnswer`."""
        event = request(user_id, images, **{"tenant": self._tenant, **fields})
        return await self.answer(event, seconds=seconds)

    async def feed_from_catalog(
        self, user_id: str, *, seconds: float = ANSWER_SECONDS, **fields: Any
    ) -> RankedFeed:
        """Request a feed of catalog images and wait for it; raises `NoAnswer`."""
        event = feed_request(user_id, **{"tenant": self._tenant, **fields})
        return await self.answer(event, seconds=seconds)

    async def feed_pages(
        self, user_id: str, *, seconds: float = ANSWER_SECONDS, **fields: Any
    ) -> AsyncIterator[RankedFeed]:
        """The pages of one feed, each requested when it is taken; raises `NoAnswer`."""
        wanted: dict[str, Any] | None = fields
        while wanted is not None:
            feed = await self.feed_from_catalog(user_id, seconds=seconds, **wanted)
            yield feed
            wanted = next_page(feed, wanted)

    async def add_images(self, images: CatalogImages) -> list[CatalogImage]:
        """Publish images to the catalog, or replace those that it has under the same ids."""
        events = catalog_images(images, tenant=self._tenant)
        await self.send(*events)
        return events

    async def remove_images(self, *image_ids: str, tenant: str | None = None) -> None:
        """Remove images of a tenant, by default the client's; an unknown id is no error."""
        of_tenant = tenant or self._tenant
        await self._publisher.send(*(removal(i, tenant=of_tenant) for i in image_ids))

    async def answer(
        self, event: ImageCandidates, *, seconds: float = ANSWER_SECONDS
    ) -> RankedFeed:
        """Send a request and wait for its feed; raises `NoAnswer`."""
        key = event.request_key
        awaited = _Awaited(event, asyncio.get_running_loop().create_future())
        self._awaited.setdefault(key, set()).add(awaited)
        try:
            await self.send(event)
            return await asyncio.wait_for(awaited.feed, seconds)
        except TimeoutError:
            raise NoAnswer(event.request_id, seconds=seconds) from None
        finally:
            self._awaited[key].discard(awaited)
            if not self._awaited[key]:
                del self._awaited[key]

    @asynccontextmanager
    async def listening(
        self, wanted: Callable[[Record], bool] = lambda record: True
    ) -> AsyncIterator[AsyncIterator[ReceivedRecord]]:
        """The wanted records that arrive from now on, for the length of a block."""
        queue: asyncio.Queue[ReceivedRecord] = asyncio.Queue(MAX_UNREAD)
        self._listeners[queue] = wanted

        async def received() -> AsyncIterator[ReceivedRecord]:
            while True:
                yield await queue.get()

        try:
            yield received()
        finally:
            del self._listeners[queue]

    async def _read(self, consumer: AIOKafkaConsumer) -> None:
        with suppress(ConsumerStoppedError):
            while True:
                record = to_record(await self._watch.next_record(consumer))
                self.dispatch(record, _event(record))

    async def _follow(self, consumer: AIOKafkaConsumer) -> None:
        while True:
            self._watch.sample(consumer)
            await asyncio.sleep(SAMPLE_SECONDS)

    def dispatch(self, record: Record, event: Event | None) -> None:
        """Hand a record to the callers that wait for it and to the listeners."""
        if isinstance(event, RankedFeed):
            for awaited in self._awaited.get(event.request_key, ()):
                if event.answers(awaited.request) and not awaited.feed.done():
                    awaited.feed.set_result(event)
        for queue, wanted in self._listeners.items():
            if not wanted(record):
                continue
            if queue.full():
                queue.get_nowait()
            queue.put_nowait((record, event))


def _event(record: Record) -> Event | None:
    topic = topic_named(record.topic)
    if record.value is None or topic.event is None:
        return None
    try:
        return decode(topic, record)
    except Unprocessable as error:
        log.warning("%s is left out: %s", record.source, error)
        return None


async def _stop_consumer(consumer: Any) -> None:
    try:
        await consumer.stop()
    except asyncio.CancelledError:
        # Without its broker, aiokafka 0.14 raises the cancellation of its own fetch, and leaves
        # its connections open.
        await consumer._client.close()
        if (task := asyncio.current_task()) and task.cancelling():
            raise
