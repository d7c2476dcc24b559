"""Send a few records and end: for commands and nights, which have no event loop."""

from typing import Any, Final

from kafka import KafkaProducer
from kafka.errors import KafkaError

from shared.domain.errors import Unavailable
from shared.events.topics import MAX_RECORD_BYTES
from shared.events.wire.record import Outgoing
from shared.messaging.admin.provision import HEADER_ROOM_BYTES
from shared.messaging.client.connection import connection
from shared.messaging.client.settings import MessagingSettings

SEND_SECONDS: Final = 30.0
"""Longer than a broker's restart."""


def send_once(settings: MessagingSettings, *records: Outgoing) -> None:
    """Returns when all replicas have every record; raises `Unavailable`."""
    try:
        producer: Any = KafkaProducer(
            **connection(settings),
            acks="all",
            max_request_size=MAX_RECORD_BYTES + 2 * HEADER_ROOM_BYTES,
            allow_auto_create_topics=False,
            max_block_ms=int(SEND_SECONDS * 1000),
        )
        try:
            sent = [
                producer.send(r.topic, key=r.key, value=r.value, headers=list(r.headers))
                for r in records
            ]
            for future in sent:
                future.get(timeout=SEND_SECONDS)
        finally:
            producer.close(timeout=SEND_SECONDS)
    except KafkaError as error:
        raise Unavailable("kafka", f"{settings.kafka} did not take it: {error}") from error
