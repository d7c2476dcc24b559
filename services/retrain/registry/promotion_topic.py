"""Read and write the topic `model.promoted.v1` for commands and training jobs."""

from shared.domain.errors import Unprocessable
from shared.events import ModelPromoted
from shared.events.topics import MODELS
from shared.events.wire.codec import decode, encode
from shared.messaging.client.producer import send_once
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.read.tail import tail
from shared.runtime.promotions import PROMOTIONS_READ_AT_START, challenger_key


class KafkaPromotionTopic:
    """The topic, read to its end at every call."""

    def __init__(self, settings: MessagingSettings) -> None:
        self._settings = settings

    def latest(self, name: str) -> dict[str, ModelPromoted]:
        """The latest event of `champion` and `challenger`; raises `Unavailable`."""
        variants = {name: "champion", challenger_key(name): "challenger"}
        events: dict[str, ModelPromoted] = {}
        for record in tail(self._settings, MODELS, max_per_partition=PROMOTIONS_READ_AT_START):
            try:
                event = decode(MODELS, record)
            except Unprocessable:
                continue
            if isinstance(event, ModelPromoted) and event.user_id in variants:
                events[variants[event.user_id]] = event
        return events

    def publish(self, event: ModelPromoted) -> None:
        """Return when all replicas have the event; raises `Unavailable`."""
        send_once(self._settings, encode(event))
