"""Publish events, and return when Kafka has acknowledged them.

It uses aiokafka's producer, not FastStream's: a dead letter keeps its original headers byte for
byte, including headers without a value, and FastStream's headers are strings.
"""

import asyncio

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from shared.domain.errors import Unavailable, Unprocessable
from shared.events.topics import HEADER_ROOM_BYTES, MAX_RECORD_BYTES, Topic
from shared.events.types.base import Event
from shared.events.wire.codec import encode
from shared.events.wire.record import Outgoing
from shared.messaging.client.connection import connection
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.client.start_limit import starting
from shared.observability.tracing import with_trace

LINGER_MS = 2
"""Sends records that are published together in one request; small compared with a model call."""

SENDS_AT_ONCE = 50
"""Calls that may wait for room in aiokafka's batches. All of them wake up when one batch is sent,
so thousands of copies or dead letters at once would take many seconds of processor time."""


class KafkaPublisher:
    """Publishes with `acks=all` and idempotence, so retries make no duplicates."""

    def __init__(self, settings: MessagingSettings, *, client_id: str) -> None:
        self._settings = settings
        self._client_id = client_id
        self._producer: AIOKafkaProducer | None = None
        self._sends = asyncio.Semaphore(SENDS_AT_ONCE)

    async def start(self) -> None:
        producer = AIOKafkaProducer(
            **connection(self._settings),
            client_id=self._client_id,
            acks="all",
            enable_idempotence=True,
            linger_ms=LINGER_MS,
            max_request_size=MAX_RECORD_BYTES + 2 * HEADER_ROOM_BYTES,
        )
        try:
            async with starting(self._settings):
                await producer.start()
        except BaseException:
            await producer.stop()
            raise
        self._producer = producer

    async def stop(self) -> None:
        """Send pending records, then close."""
        if self._producer is not None:
            await self._producer.stop()
            self._producer = None

    async def publish(self, *events: Event) -> None:
        await self.send(*(with_trace(encode(event)) for event in events))

    async def tombstone(self, topic: Topic, key: str) -> None:
        """Remove a key from a compacted topic."""
        await self.send(Outgoing(topic.name, key.encode(), None))

    async def send(self, *records: Outgoing) -> None:
        """Publish records as they are; raises `Unavailable`, or `Unprocessable` when too large."""
        if self._producer is None:
            raise Unavailable("kafka", "the publisher is not running")
        try:
            async with self._sends:
                sent = [
                    await self._producer.send(r.topic, _value(r), r.key, headers=list(r.headers))
                    for r in records
                ]
            await asyncio.gather(*sent)
        except MessageSizeTooLargeError as error:
            raise Unprocessable("record_too_large", f"Kafka refused the record: {error}") from error
        except KafkaError as error:
            raise Unavailable("kafka", f"the records were not acknowledged: {error}") from error


def _value(record: Outgoing) -> bytes | None:
    """The record's value; empty if key and value are missing, since aiokafka refuses that."""
    return b"" if record.key is None and record.value is None else record.value
