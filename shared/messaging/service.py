"""Start and stop everything of one service that touches Kafka, and say how it fares."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from aiokafka.errors import KafkaError
from faststream.kafka import KafkaBroker
from prometheus_client import CollectorRegistry

from shared.domain.errors import Unavailable
from shared.events.topics import Topic
from shared.messaging.client.broker_security import faststream_security
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.consume.broadcast import Broadcast
from shared.messaging.consume.dead_letters import DeadLetterGuard
from shared.messaging.consume.offset_window import OffsetWindow
from shared.messaging.consume.processing import Processing
from shared.messaging.consume.subscription import FastPath, SlowPath, Subscription
from shared.messaging.contract import Handle
from shared.messaging.health import Check, dead_because, unready_because
from shared.messaging.metrics import MessagingMetrics
from shared.messaging.publisher import KafkaPublisher
from shared.observability.tracing import traced

ANSWER_SECONDS = 5.0
"""Kafka answers a question about offsets in milliseconds; seconds mean that it does not."""


class KafkaService:
    """Subscriptions, publisher and health of one service.

    Each topic has a consumer group of its own, `preferstream.<name>.<topic>`, so that one consumer
    that comes or goes does not interrupt the others.
    """

    def __init__(
        self,
        name: str,
        settings: MessagingSettings,
        registry: CollectorRegistry,
        *,
        checks: Sequence[Check] = (),
    ) -> None:
        self.name = name
        self.registry = registry
        self.tracing = traced(name, settings.otlp_endpoint)
        self.publisher = KafkaPublisher(settings, client_id=f"preferstream-{name}")
        self._settings = settings
        self._metrics = MessagingMetrics(registry)
        self._checks = checks
        self._broker = KafkaBroker(
            settings.kafka.split(","),
            security=faststream_security(settings),
            client_id=f"preferstream-{name}",
            allow_auto_create_topics=False,
            consumer_only=True,
            graceful_timeout=settings.drain_seconds,
            logger=logging.getLogger(f"shared.messaging.broker.{name}"),
            apply_types=False,
        )
        self._subscriptions: list[Subscription] = []
        self._failure: asyncio.Future[None] | None = None
        self._started = False

    def slow(self, topic: Topic, handle: Handle[Any]) -> None:
        """Read `topic` with many events in work at once: for work that takes seconds."""
        window = OffsetWindow(self._settings, on_failure=self._fail)
        self._add(topic, SlowPath(self._processing(topic, handle), self._settings, window))

    def fast(self, topic: Topic, handle: Handle[Any]) -> None:
        """Read `topic` one event after another: for work that takes milliseconds."""
        processing = self._processing(topic, handle)
        self._add(topic, FastPath(processing, self._settings, on_failure=self._fail))

    def every_instance(self, topic: Topic, handle: Handle[Any]) -> None:
        """Read all of `topic` in this instance whatever others read: for news to every process."""
        processing = self._processing(topic, handle)
        self._add(topic, Broadcast(processing, self._settings, on_failure=self._fail))

    def _add(self, topic: Topic, subscription: Subscription) -> None:
        subscription.subscribe(self._broker, group_id=f"preferstream.{self.name}.{topic.name}")
        self._subscriptions.append(subscription)
        lag = self._metrics.lag.labels(topic.name)
        lag.set_function(lambda: float(subscription.state().lag))

    def _processing(self, topic: Topic, handle: Handle[Any]) -> Processing:
        return Processing(
            topic,
            handle,
            sender=self.publisher,
            guard=DeadLetterGuard(
                share=self._settings.dead_letter_share, sample=self._settings.dead_letter_sample
            ),
            metrics=self._metrics,
            settings=self._settings,
            tracing=self.tracing,
        )

    async def start(self) -> None:
        """Join the group and begin to read; raises `Unavailable`."""
        self._failure = asyncio.get_running_loop().create_future()
        await self.publisher.start()
        try:
            await self._broker.start()
        except KafkaError as error:
            await self._broker.stop()
            await self.publisher.stop()
            raise Unavailable("kafka", f"{self._settings.kafka}: {error}") from error
        self._started = True

    async def stop(self) -> None:
        """Finish what is in work and commit it, then leave the group."""
        self._started = False
        await asyncio.gather(*(subscription.drain() for subscription in self._subscriptions))
        await self._broker.stop()
        await self.publisher.stop()
        await asyncio.to_thread(self.tracing.close)
        if self._failure is not None:
            self._failure.cancel()

    async def ended(self) -> None:
        """Wait for the failure that a service cannot go on after, and raise it."""
        assert self._failure is not None
        await asyncio.shield(self._failure)

    def failure(self) -> BaseException | None:
        """What the service cannot go on after, if it has happened."""
        future = self._failure
        if future is None or not future.done() or future.cancelled():
            return None
        return future.exception()

    def _fail(self, error: BaseException) -> None:
        if self._failure is not None and not self._failure.done():
            self._failure.set_exception(error)

    def dead_because(self) -> str | None:
        """Why this process should be started anew, or None."""
        failure = self.failure()
        if failure is not None:
            return str(failure)
        if not self._started:
            return None
        found = (
            dead_because(s.state(), stuck_seconds=self._settings.stuck_seconds)
            for s in self._subscriptions
        )
        return next((reason for reason in found if reason), None)

    async def not_ready_because(self) -> str | None:
        """Why this process takes no events now, or None."""
        if not self._started:
            return f"{self.name} has not started"
        for subscription in self._subscriptions:
            reason = unready_because(subscription.state())
            if reason:
                return reason
        for check in (self._kafka_answers, *self._checks):
            reason = await check()
            if reason:
                return reason
        return None

    async def _kafka_answers(self) -> str | None:
        for subscriber in self._broker.subscribers:
            consumer = getattr(subscriber, "consumer", None)
            if consumer is None:
                return f"{self.name} reads nothing"
            partitions = list(consumer.assignment())[:1]
            try:
                await asyncio.wait_for(consumer.end_offsets(partitions), ANSWER_SECONDS)
            except (KafkaError, TimeoutError) as error:
                return f"Kafka does not answer: {type(error).__name__}"
        return None
