"""Read a topic in every instance of a service, such as model promotions."""

import time
from collections.abc import Callable

from faststream import AckPolicy
from faststream.kafka import KafkaBroker

from shared.events.wire.record import Record
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.consume.processing import Processing
from shared.messaging.consume.subscription import BaseSubscription
from shared.messaging.health import ConsumerState


class Broadcast(BaseSubscription):
    """Reads without a group, from the beginning, one event after another; commits nothing.

    While a dependency is unavailable it waits: no other instance can take the partition over.
    """

    def __init__(
        self,
        processing: Processing,
        settings: MessagingSettings,
        *,
        on_failure: Callable[[BaseException], None],
    ) -> None:
        super().__init__(processing, settings)
        self._on_failure = on_failure
        self._started_at: float | None = None

    def subscribe(self, broker: KafkaBroker, *, group_id: str) -> None:
        self._subscribe(broker, group_id=None, ack_policy=AckPolicy.MANUAL, listener=None)

    async def take(self, record: Record) -> None:
        self._started_at = time.monotonic()
        try:
            await self.processing.until_done(record)
        except Exception as error:
            self._on_failure(error)
            raise
        finally:
            self._started_at = None

    def state(self) -> ConsumerState:
        consumer = self.look()
        now = time.monotonic()
        return ConsumerState(
            topic=self.processing.topic.name,
            running=self.running,
            joined=bool(consumer and consumer.assignment()),
            lag=self.watch.lag(),
            oldest_in_flight_seconds=now - self._started_at
            if self._started_at is not None
            else 0.0,
            since_last_delivery_seconds=self.watch.seconds_without_delivery(),
            blocked_lag=self.watch.blocked_lag(),
            problems=self.watch.problems(),
        )

    async def drain(self) -> None:
        """Nothing to do: FastStream waits for the one event in flight."""
