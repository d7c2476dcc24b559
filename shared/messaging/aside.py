"""Read beside every group: a consumer for the length of a block, which commits nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kafka import KafkaConsumer
from kafka.errors import KafkaError

from shared.errors import Unavailable
from shared.events.topics import MAX_RECORD_BYTES
from shared.messaging.connection import connection
from shared.messaging.settings import MessagingSettings


@contextmanager
def consumer_aside(settings: MessagingSettings) -> Iterator[Any]:
    """A `KafkaConsumer`; what Kafka refuses within the block is raised as `Unavailable`."""
    try:
        consumer: Any = KafkaConsumer(
            **connection(settings),
            group_id=None,
            enable_auto_commit=False,
            max_partition_fetch_bytes=MAX_RECORD_BYTES,
        )
        try:
            yield consumer
        finally:
            consumer.close(autocommit=False)
    except KafkaError as error:
        raise Unavailable("kafka", f"{settings.kafka}: {error}") from error
