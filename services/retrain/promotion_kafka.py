"""Read and write `model.promoted.v1` for commands and nights, which end."""

from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError

from shared.errors import Unavailable, Unprocessable
from shared.events import ModelPromoted
from shared.events.codec import decode, encode
from shared.events.topics import MODELS
from shared.messaging.settings import MessagingSettings
from shared.messaging.tail import tail
from shared.promotions import READ_BACK, challenger_key

SEND_SECONDS = 30.0
"""Longer than a broker's restart."""


class KafkaAnnouncements:
    """The topic, read to its end for each question."""

    def __init__(self, settings: MessagingSettings) -> None:
        self._settings = settings

    def latest(self, name: str) -> dict[str, ModelPromoted]:
        """The last word on `champion` and `challenger`; raises `Unavailable`."""
        keys = {name: "champion", challenger_key(name): "challenger"}
        found: dict[str, ModelPromoted] = {}
        for record in tail(self._settings, MODELS, most=READ_BACK):
            try:
                event = decode(MODELS, record)
            except Unprocessable:
                continue
            if isinstance(event, ModelPromoted) and event.user_id in keys:
                found[keys[event.user_id]] = event
        return found

    def publish(self, event: ModelPromoted) -> None:
        """Returns when all replicas have it; raises `Unavailable`."""
        outgoing = encode(event)
        try:
            producer: Any = KafkaProducer(
                bootstrap_servers=self._settings.kafka.split(","),
                acks="all",
                allow_auto_create_topics=False,
                max_block_ms=int(SEND_SECONDS * 1000),
            )
            try:
                producer.send(
                    outgoing.topic,
                    key=outgoing.key,
                    value=outgoing.value,
                    headers=list(outgoing.headers),
                ).get(timeout=SEND_SECONDS)
            finally:
                producer.close(timeout=SEND_SECONDS)
        except KafkaError as error:
            raise Unavailable(
                "kafka",
                f"{self._settings.kafka} did not take the promotion ({error}); nothing has changed",
            ) from error
