"""Open a kafka-python consumer for the length of a block; it commits nothing by itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kafka import KafkaConsumer
from kafka.errors import KafkaError

from shared.domain.errors import Unavailable
from shared.events.topics import MAX_RECORD_BYTES
from shared.messaging.batches.kafka_python_batch import CHECK_REPLICAS, UnreadablePartition
from shared.messaging.client.connection import connection, no_answer_from
from shared.messaging.client.settings import MessagingSettings


@contextmanager
def short_lived_consumer(
    settings: MessagingSettings, *, timeout_seconds: float, group: str | None = None
) -> Iterator[Any]:
    """A `KafkaConsumer`, without a group where none is named.

    No request waits longer than `timeout_seconds` for its answer. Kafka's errors in the block are
    raised as `Unavailable`.
    """
    timeout_ms = int(timeout_seconds * 1000)
    try:
        consumer: Any = KafkaConsumer(
            **connection(settings),
            group_id=group,
            enable_auto_commit=False,
            # When retention has just deleted an offset, the read continues at the oldest record
            # that is left. At the end of the topic it would skip records silently.
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=MAX_RECORD_BYTES,
            # The end offsets are those of this level too.
            isolation_level=settings.kafka_isolation_level,
            bootstrap_timeout_ms=timeout_ms,
            request_timeout_ms=timeout_ms,
        )
        try:
            yield consumer
        finally:
            consumer.close(autocommit=False)
    except UnreadablePartition as error:
        raise Unavailable("kafka", f"{error}{CHECK_REPLICAS}") from error
    except KafkaError as error:
        raise no_answer_from(settings, error) from error
