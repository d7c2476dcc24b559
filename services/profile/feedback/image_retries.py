"""Try feedback again later while its image is unavailable, a limited number of times."""

from typing import Protocol

from prometheus_client import Counter

from services.profile.feedback.new_reference import ImageUnavailable
from shared.domain.errors import Unprocessable
from shared.events.topics import FEEDBACK_RETRY
from shared.events.wire.record import Outgoing, Record
from shared.messaging.consume.retry_record import retry_copy


class Sender(Protocol):
    """Sends records; returns when Kafka has acknowledged them."""

    async def send(self, *records: Outgoing) -> None: ...


class ImageRetries:
    """Writes feedback to the retry topic, or raises why no attempt is left."""

    def __init__(self, sender: Sender, retried: Counter, *, max_attempts: int) -> None:
        self._sender = sender
        self._retried = retried
        self._max_attempts = max_attempts

    async def schedule(self, record: Record, error: ImageUnavailable, *, attempts: int) -> None:
        """Return when the copy is acknowledged; raises `Unprocessable` after the last attempt."""
        if attempts >= self._max_attempts:
            raise Unprocessable(
                "image_unavailable",
                f"{error.detail}; the image was unavailable in {attempts} attempts. Replay the"
                " event when the host answers again",
            ) from error
        copy = retry_copy(record, error, topic=FEEDBACK_RETRY, attempts=attempts)
        await self._sender.send(copy)
        self._retried.inc()
