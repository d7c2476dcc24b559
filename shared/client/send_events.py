"""Send events to Kafka without an event loop, and wait until they are acknowledged."""

from collections.abc import Iterable

from shared.events.types.base import Event
from shared.events.wire.codec import encode
from shared.messaging.client.connection import Kafka
from shared.messaging.client.producer import send_once


def send_events(kafka: Kafka, events: Iterable[Event]) -> None:
    """Returns when all replicas have every event; raises `Unavailable`."""
    send_once(kafka, *(encode(event) for event in events))
