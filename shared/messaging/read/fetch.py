"""Read single records back by their place, on the event loop."""

import asyncio
from contextlib import suppress
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from shared.domain.errors import Unavailable
from shared.events.topics import MAX_RECORD_BYTES
from shared.events.wire.record import Record
from shared.messaging.client.connection import connection
from shared.messaging.client.settings import MessagingSettings

FETCH_SECONDS = 10.0
"""A record comes in milliseconds; more means that Kafka is away."""


class RecordFetcher:
    """One connection, one record at a time; a few hundred a second."""

    def __init__(self, settings: MessagingSettings) -> None:
        self._settings = settings
        self._consumer: AIOKafkaConsumer | None = None
        self._one_at_a_time = asyncio.Lock()

    async def start(self) -> None:
        consumer = AIOKafkaConsumer(
            **connection(self._settings),
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            max_partition_fetch_bytes=MAX_RECORD_BYTES,
        )
        try:
            await consumer.start()
        except KafkaError as error:
            await consumer.stop()
            raise Unavailable("kafka", f"{self._settings.kafka}: {error}") from error
        self._consumer = consumer

    async def stop(self) -> None:
        if self._consumer is not None:
            await self._consumer.stop()
            self._consumer = None

    async def at(self, topic: str, partition: int, offset: int) -> Record | None:
        """The record of that place; None when Kafka has it no more. Raises `Unavailable`."""
        if self._consumer is None:
            raise Unavailable("kafka", "the reader of records is not running")
        place = TopicPartition(topic, partition)
        async with self._one_at_a_time:
            self._consumer.assign([place])
            self._consumer.seek(place, offset)
            try:
                async with asyncio.timeout(FETCH_SECONDS):
                    raw = await self._consumer.getone(place)
            except OffsetOutOfRangeError:
                return None
            except (KafkaError, TimeoutError) as error:
                told = f"{topic}/{partition}/{offset} did not come: {type(error).__name__}"
                raise Unavailable("kafka", told) from error
            finally:
                with suppress(KafkaError):
                    self._consumer.unsubscribe()
        return as_record(raw) if raw.offset == offset else None


def as_record(raw: Any) -> Record:
    """A record of aiokafka as ours."""
    return Record(
        raw.topic, raw.partition, raw.offset, raw.timestamp, raw.key, raw.value,
        tuple(raw.headers or ()),
    )  # fmt: skip
