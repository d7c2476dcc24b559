"""Send records with a blocking producer: for commands, scripts and jobs without an event loop."""

from types import TracebackType
from typing import Any, Final, Self

from kafka import KafkaProducer
from kafka.errors import KafkaError, MessageSizeTooLargeError, RecordListTooLargeError

from shared.domain.errors import Unavailable, Unprocessable
from shared.events.topics import HEADER_ROOM_BYTES, MAX_RECORD_BYTES
from shared.events.wire.record import Outgoing
from shared.messaging.client.connection import Kafka, connection, settings_of

SEND_TIMEOUT_SECONDS: Final = 30.0
"""Longer than the restart of a broker, short enough for a user who waits at a terminal."""
INTERRUPTED_SECONDS: Final = 1.0
"""After Ctrl-C: what is already on its way may still arrive."""
ABANDON_SECONDS: Final = 1.0
"""After an error. The next record opens a new producer: an idempotent producer of kafka-python
3.0.12 fails every later record with an error of the broker."""


class BlockingProducer:
    """One connection that sends records; it opens with the first record."""

    def __init__(self, kafka: Kafka) -> None:
        self._settings = settings_of(kafka)
        self._producer: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        is_interrupted = kind is not None and not issubclass(kind, Exception)
        self.close(seconds=INTERRUPTED_SECONDS if is_interrupted else SEND_TIMEOUT_SECONDS)

    def send(self, *records: Outgoing) -> None:
        """Returns when all replicas have every record.

        Raises `Unavailable`, or `Unprocessable` when a record is too large.
        """
        try:
            if self._producer is None:
                self._producer = KafkaProducer(
                    **connection(self._settings),
                    acks="all",
                    max_request_size=MAX_RECORD_BYTES + 2 * HEADER_ROOM_BYTES,
                    allow_auto_create_topics=False,
                    max_block_ms=int(SEND_TIMEOUT_SECONDS * 1000),
                )
            futures = [
                self._producer.send(r.topic, key=r.key, value=r.value, headers=list(r.headers))
                for r in records
            ]
            for future in futures:
                future.get(timeout=SEND_TIMEOUT_SECONDS)
        except (MessageSizeTooLargeError, RecordListTooLargeError) as error:
            self.close(seconds=ABANDON_SECONDS)
            raise Unprocessable("record_too_large", f"Kafka refused the record: {error}") from error
        except KafkaError as error:
            self.close(seconds=ABANDON_SECONDS)
            address = self._settings.kafka_bootstrap_servers
            raise Unavailable(
                "kafka", f"{address} did not acknowledge the records: {error}"
            ) from error

    def close(self, *, seconds: float = SEND_TIMEOUT_SECONDS) -> None:
        """Wait at most this long for records that are not yet acknowledged."""
        if self._producer is not None:
            self._producer.close(timeout=seconds)
            self._producer = None


def send_once(kafka: Kafka, *records: Outgoing) -> None:
    """Open a producer, send the records, and close it; raises `Unavailable`."""
    with BlockingProducer(kafka) as producer:
        producer.send(*records)
