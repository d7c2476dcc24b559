"""Read single records back by partition and offset, on the event loop."""

import asyncio
from contextlib import suppress

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from shared.domain.errors import Unavailable
from shared.events.topics import MAX_RECORD_BYTES
from shared.events.wire.record import Record
from shared.messaging.client.connection import connection
from shared.messaging.client.kafka_types import to_record
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.client.start_limit import starting

POLL_MS = 200
STOP_SECONDS = 2.0
"""Closing a connection takes milliseconds."""
FETCH_SECONDS = 10.0
"""A record arrives in milliseconds; a longer wait means that Kafka is unavailable."""


class RecordFetcher:
    """One connection that reads one record at a time; a few hundred a second."""

    def __init__(self, settings: MessagingSettings) -> None:
        self._settings = settings
        self._consumer: AIOKafkaConsumer | None = None
        self._lock = asyncio.Lock()

    async def start(self) -> None:
        """Connect; raises `Unavailable`."""
        consumer = AIOKafkaConsumer(
            **connection(self._settings),
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            max_partition_fetch_bytes=MAX_RECORD_BYTES,
            isolation_level=self._settings.kafka_isolation_level,
        )
        try:
            async with starting(self._settings):
                await consumer.start()
        except BaseException:
            await consumer.stop()
            raise
        self._consumer = consumer

    async def stop(self) -> None:
        if self._consumer is not None:
            # aiokafka 0.14 loses the cancellation of its fetch task when a partition is left at
            # the same moment, and then waits for it for ever; the second cancellation ends it.
            with suppress(TimeoutError):
                await asyncio.wait_for(self._consumer.stop(), STOP_SECONDS)
            self._consumer = None

    async def fetch(self, topic: str, partition: int, offset: int) -> Record | None:
        """The record at this offset; None when Kafka no longer has it. Raises `Unavailable`."""
        if self._consumer is None:
            raise Unavailable("kafka", "the record fetcher is not running")
        topic_partition = TopicPartition(topic, partition)
        async with self._lock:
            self._consumer.assign([topic_partition])
            self._consumer.seek(topic_partition, offset)
            try:
                async with asyncio.timeout(FETCH_SECONDS):
                    raw = await _next_record(self._consumer, topic_partition, offset)
            except OffsetOutOfRangeError:
                return None
            except (KafkaError, TimeoutError) as error:
                raise Unavailable(
                    "kafka",
                    f"the record {topic}/{partition}/{offset} did not arrive within"
                    f" {FETCH_SECONDS:g} s: {type(error).__name__}",
                ) from error
            finally:
                with suppress(KafkaError):
                    self._consumer.unsubscribe()
        return to_record(raw) if raw is not None and raw.offset == offset else None


async def _next_record(
    consumer: AIOKafkaConsumer, partition: TopicPartition, offset: int
) -> ConsumerRecord | None:
    """The next record; None if there is none before the end: the offset is a marker or aborted."""
    while True:
        records = await consumer.getmany(partition, timeout_ms=POLL_MS, max_records=1)
        if records:
            return records[partition][0]
        if await consumer.position(partition) > offset:
            return None
