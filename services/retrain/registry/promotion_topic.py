"""Read and write `model.promoted.v1` for commands and nights, which end."""

from shared.domain.errors import Unprocessable
from shared.events import ModelPromoted
from shared.events.topics import MODELS
from shared.events.wire.codec import decode, encode
from shared.messaging.client.producer import send_once
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.read.tail import tail
from shared.runtime.promotions import READ_BACK, challenger_key


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
        send_once(self._settings, encode(event))
