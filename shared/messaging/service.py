"""Start and stop the subscriptions and the publisher of one service, and report their health."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from faststream.kafka import KafkaBroker
from prometheus_client import CollectorRegistry

from shared.events.topics import Topic
from shared.messaging.client.broker_security import faststream_security
from shared.messaging.client.reachability import unreachable_because
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.client.start_limit import starting
from shared.messaging.consume.broadcast import Broadcast
from shared.messaging.consume.dead_letter_guard import DeadLetterGuard
from shared.messaging.consume.delayed_path import DelayedPath
from shared.messaging.consume.offset_window import OffsetWindow
from shared.messaging.consume.processing import Processing
from shared.messaging.consume.subscription import FastPath, SlowPath, Subscription
from shared.messaging.contract import Handle, HandleTombstone
from shared.messaging.health import (
    Check,
    ConsumerState,
    dead_because,
    not_ready_because,
    not_started_because,
)
from shared.messaging.metrics import MessagingMetrics
from shared.messaging.publisher import KafkaPublisher
from shared.observability.tracing import open_tracing


class KafkaService:
    """Subscriptions, publisher and health of one service.

    Each topic has its own consumer group, `preferstream.<name>.<topic>`: a rebalance of one topic
    does not interrupt the others.
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
        self.tracing = open_tracing(name, settings.otlp_endpoint)
        self.publisher = KafkaPublisher(settings, client_id=f"preferstream-{name}")
        self._settings = settings
        self._metrics = MessagingMetrics(registry)
        self._checks = checks
        self._broker = KafkaBroker(
            settings.kafka_bootstrap_servers.split(","),
            security=faststream_security(settings),
            client_id=f"preferstream-{name}",
            allow_auto_create_topics=False,
            consumer_only=True,
            graceful_timeout=settings.drain_seconds,
            logger=logging.getLogger(f"shared.messaging.broker.{name}"),
            apply_types=False,
        )
        self._subscriptions: list[Subscription] = []
        self._following: list[asyncio.Task[None]] = []
        self._failure: asyncio.Future[None] | None = None
        self._started = False

    def slow(
        self,
        topic: Topic,
        handle: Handle[Any],
        *,
        in_flight: int | None = None,
        handle_tombstone: HandleTombstone | None = None,
        max_dead_letter_ratio: float | None = None,
    ) -> None:
        """Consume `topic` with many events in flight: for work that takes seconds.

        The handlers start in the order of the events. `in_flight` replaces `events_in_flight` for
        events that mostly wait, such as for images. The other parameters are those of `fast`.
        """
        window = OffsetWindow(self._settings, on_failure=self._fail, in_flight=in_flight)
        processing = self._processing(
            topic,
            handle,
            handle_tombstone=handle_tombstone,
            max_dead_letter_ratio=max_dead_letter_ratio,
        )
        self._add(topic, SlowPath(processing, self._settings, window))

    def delayed(
        self,
        topic: Topic,
        handle: Handle[Any],
        *,
        of: Topic,
        delay_seconds: float,
        in_flight: int | None = None,
    ) -> None:
        """Consume a retry topic of `of`, each record `delay_seconds` after it was written.

        Its dead letters are those of `of`. They do not stop the service, since records come here
        because something outside of it fails.
        """
        self._add(
            topic,
            DelayedPath(
                self._processing(topic, handle, max_dead_letter_ratio=1.0),
                self._settings,
                OffsetWindow(self._settings, on_failure=self._fail, in_flight=in_flight),
                of=of,
                delay_seconds=delay_seconds,
            ),
        )

    def fast(
        self,
        topic: Topic,
        handle: Handle[Any],
        *,
        handle_tombstone: HandleTombstone | None = None,
        max_dead_letter_ratio: float | None = None,
    ) -> None:
        """Consume `topic` one event after another: for work that takes milliseconds.

        Without `handle_tombstone` a record without a value becomes a dead letter.
        `max_dead_letter_ratio` replaces the setting; with 1.0 dead letters never stop the service.
        """
        processing = self._processing(
            topic,
            handle,
            handle_tombstone=handle_tombstone,
            max_dead_letter_ratio=max_dead_letter_ratio,
        )
        self._add(topic, FastPath(processing, self._settings, on_failure=self._fail))

    def every_instance(self, topic: Topic, handle: Handle[Any]) -> None:
        """Consume all of `topic` in every instance, such as model promotions."""
        processing = self._processing(topic, handle)
        self._add(topic, Broadcast(processing, self._settings, on_failure=self._fail))

    def _add(self, topic: Topic, subscription: Subscription) -> None:
        subscription.subscribe(self._broker, group_id=f"preferstream.{self.name}.{topic.name}")
        self._subscriptions.append(subscription)
        lag = self._metrics.lag.labels(topic.name)
        lag.set_function(lambda: float(_total_lag(subscription.state())))
        blocked = self._metrics.blocked_partitions.labels(topic.name)
        blocked.set_function(lambda: float(subscription.watch.blocked_partitions))

    def _processing(
        self,
        topic: Topic,
        handle: Handle[Any],
        *,
        handle_tombstone: HandleTombstone | None = None,
        max_dead_letter_ratio: float | None = None,
    ) -> Processing:
        max_ratio = max_dead_letter_ratio or self._settings.dead_letter_max_ratio
        return Processing(
            topic,
            handle,
            handle_tombstone=handle_tombstone,
            sender=self.publisher,
            guard=DeadLetterGuard(
                max_ratio=max_ratio,
                window=self._settings.dead_letter_window,
            ),
            metrics=self._metrics,
            settings=self._settings,
            tracing=self.tracing,
        )

    async def start(self) -> None:
        """Join the groups and start to consume; raises `Unavailable`."""
        self._failure = asyncio.get_running_loop().create_future()
        await self.publisher.start()
        try:
            async with starting(self._settings):
                await self._broker.start()
        except BaseException:
            await self._broker.stop()
            await self.publisher.stop()
            raise
        self._following = [
            asyncio.create_task(subscription.follow_positions())
            for subscription in self._subscriptions
        ]
        self._started = True

    async def stop(self) -> None:
        """Finish and commit the events in flight, then leave the groups."""
        self._started = False
        await asyncio.gather(*(subscription.drain() for subscription in self._subscriptions))
        for following in self._following:
            following.cancel()
        await asyncio.gather(*self._following, return_exceptions=True)
        await self._broker.stop()
        await self.publisher.stop()
        await asyncio.to_thread(self.tracing.close)
        if self._failure is not None:
            self._failure.cancel()

    async def ended(self) -> None:
        """Wait for the failure that stops the service, and raise it."""
        assert self._failure is not None
        await asyncio.shield(self._failure)

    def failure(self) -> BaseException | None:
        """The failure that stops the service, if there is one."""
        future = self._failure
        if future is None or not future.done() or future.cancelled():
            return None
        return future.exception()

    def _fail(self, error: BaseException) -> None:
        if self._failure is not None and not self._failure.done():
            self._failure.set_exception(error)

    def dead_because(self) -> str | None:
        """Why this process should be restarted, or None."""
        failure = self.failure()
        if failure is not None:
            return str(failure)
        if not self._started:
            return None
        reasons = (
            dead_because(s.state(), timeout_seconds=self._settings.liveness_timeout_seconds)
            for s in self._subscriptions
        )
        return next((reason for reason in reasons if reason), None)

    async def not_ready_because(self) -> str | None:
        """Why this process does not handle all events now, or None."""
        reason = await self.not_started_because()
        if reason:
            return reason
        reasons = (not_ready_because(s.state()) for s in self._subscriptions)
        return "; ".join(reason for reason in reasons if reason) or None

    async def not_started_because(self) -> str | None:
        """Why this process handles no events now, or None; one partition is no reason."""
        if not self._started:
            return f"{self.name} has not started"
        for subscription in self._subscriptions:
            reason = not_started_because(subscription.state())
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
                return f"{self.name} has no consumer"
            reason = await unreachable_because(consumer)
            if reason:
                return reason
        return None


def _total_lag(state: ConsumerState) -> int:
    return state.lag + state.blocked_lag
