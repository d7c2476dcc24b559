"""Open a kafka-python consumer for the length of a block; it commits nothing by itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kafka import KafkaConsumer
from kafka.errors import KafkaError

from shared.domain.errors import Unavailable
from shared.events.topics import MAX_RECORD_BYTES
from shared.messaging.client.connection import connection
from shared.messaging.client.settings import MessagingSettings


@contextmanager
def short_lived_consumer(
    settings: MessagingSettings, *, group: str | None = None, **options: Any
) -> Iterator[Any]:
    """A `KafkaConsumer`, beside every group where none is named, with `options` of its own.

    What Kafka refuses within the block is raised as `Unavailable`.
    """
    try:
        consumer: Any = KafkaConsumer(
            **connection(settings),
            group_id=group,
            enable_auto_commit=False,
            max_partition_fetch_bytes=MAX_RECORD_BYTES,
            **options,
        )
        try:
            yield consumer
        finally:
            consumer.close(autocommit=False)
    except KafkaError as error:
        raise Unavailable("kafka", f"{settings.kafka}: {error}") from error
