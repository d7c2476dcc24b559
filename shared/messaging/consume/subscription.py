"""Subscribe a service to one topic through FastStream, on the fast or the slow path."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from aiokafka import ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaAckableMessage

from shared.domain.errors import Unavailable
from shared.events.topics import MAX_RECORD_BYTES
from shared.events.wire.record import Record
from shared.messaging.batches.install import install_batch_readers
from shared.messaging.client.kafka_types import to_record
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.consume.offset_window import OffsetWindow
from shared.messaging.consume.position_watch import PositionWatch
from shared.messaging.consume.processing import Processing
from shared.messaging.health import ConsumerState

log = logging.getLogger(__name__)
RECORDS_WITHOUT_PAUSE = 32
"""Fetched records are taken without waiting, so the slow path pauses by itself: started events run,
and other partitions are fetched."""


class Subscription(Protocol):
    """A topic that a service consumes."""

    def subscribe(self, broker: KafkaBroker, *, group_id: str) -> None: ...

    watch: PositionWatch

    def state(self) -> ConsumerState: ...

    async def follow_positions(self) -> None: ...

    async def drain(self) -> None: ...


class BaseSubscription:
    """The FastStream subscriber of one topic, which all paths share."""

    def __init__(self, processing: Processing, settings: MessagingSettings) -> None:
        self.processing = processing
        self.settings = settings
        self.subscriber: Any = None
        self.watch = PositionWatch()

    def _subscribe(
        self, broker: KafkaBroker, *, group_id: str | None, ack_policy: AckPolicy, listener: Any
    ) -> None:
        install_batch_readers()
        self.subscriber = broker.subscriber(
            self.processing.topic.name,
            group_id=group_id,
            ack_policy=ack_policy,
            listener=listener,
            group_instance_id=self.settings.instance_id if group_id else None,
            parser=self._parse,
            decoder=_decode,
            auto_offset_reset="earliest",
            session_timeout_ms=int(self.settings.session_timeout_seconds * 1000),
            heartbeat_interval_ms=int(self.settings.session_timeout_seconds * 1000 / 15),
            max_poll_interval_ms=int(self.settings.max_poll_seconds * 1000),
            # A joining instance waits this long for the others to drain.
            rebalance_timeout_ms=int(self.settings.drain_seconds * 2 * 1000),
            max_partition_fetch_bytes=MAX_RECORD_BYTES,
            isolation_level=self.settings.kafka_isolation_level,
        )
        # FastStream waits for seconds after an error of one partition; the watch does not.
        self.subscriber.get_msg = self.watch.next_record
        self.subscriber(self._take)

    async def _take(self, record: Record) -> None:
        await self.take(record)

    async def take(self, record: Record) -> None:
        raise NotImplementedError  # each path defines it

    async def _parse(self, raw: ConsumerRecord[Any, Any]) -> KafkaAckableMessage:
        # FastStream's own parser decodes every header, and fails on a header that is null or not
        # UTF-8. Such a header must not lose the event.
        return KafkaAckableMessage(
            body=raw.value or b"",
            headers={},
            message_id=f"{raw.topic}/{raw.partition}/{raw.offset}",
            correlation_id=f"{raw.topic}/{raw.partition}/{raw.offset}",
            raw_message=raw,
            consumer=self.subscriber.consumer,
        )

    @property
    def running(self) -> bool:
        tasks = getattr(self.subscriber, "tasks", ())
        return bool(tasks) and not all(task.done() for task in tasks)

    def look(self) -> Any:
        """Look at the positions now; returns the consumer, None before it starts."""
        consumer = self.subscriber.consumer if self.subscriber else None
        if consumer is not None:
            self.watch.sample(consumer)
        return consumer

    async def follow_positions(self) -> None:
        """Look at the positions regularly, and commit those that no record is left for."""
        while True:
            try:
                if (consumer := self.look()) is not None:
                    await self.commit_passed(consumer)
            except Exception:  # health and lag must not stay at an old state
                log.exception("the positions of %s could not be read", self.processing.topic.name)
            await asyncio.sleep(self.settings.commit_seconds)

    async def commit_passed(self, consumer: Any) -> None:
        """Commit offsets without records, such as transaction markers; nothing without a group."""


class SlowPath(BaseSubscription):
    """For events that take seconds: many in flight, and commits of the finished prefix."""

    def __init__(
        self, processing: Processing, settings: MessagingSettings, window: OffsetWindow
    ) -> None:
        super().__init__(processing, settings)
        self.window = window
        self._since_pause = 0

    def subscribe(self, broker: KafkaBroker, *, group_id: str) -> None:
        self._subscribe(
            broker, group_id=group_id, ack_policy=AckPolicy.MANUAL, listener=self.window
        )
        # FastStream's parsers, middlewares and acknowledgements take a third of the time of an
        # event that only waits, and do nothing here: the window starts, repeats and commits.
        self.subscriber.consume_one = self._consume_one

    async def _consume_one(self, raw: ConsumerRecord[Any, Any]) -> None:
        await self.take(to_record(raw))
        self._since_pause += 1
        if self._since_pause >= RECORDS_WITHOUT_PAUSE:
            self._since_pause = 0
            await asyncio.sleep(0)

    async def take(self, record: Record) -> None:
        await self.window.submit(record, self.subscriber.consumer, self.processing.until_done)

    def state(self) -> ConsumerState:
        self.look()
        now = time.monotonic()
        return ConsumerState(
            topic=self.processing.topic.name,
            running=self.running,
            joined=self.window.joined,
            # A record that waits for a place counts: only its position has passed it.
            lag=self.watch.lag() + self.window.waiting,
            oldest_in_flight_seconds=self.window.oldest_age(now),
            since_last_delivery_seconds=self.watch.seconds_without_delivery(),
            blocked_lag=self.watch.blocked_lag(),
            problems=self.watch.problems(),
        )

    async def commit_passed(self, consumer: Any) -> None:
        passed = self.watch.passed(consumer, self.window.newest_done)
        self.window.pass_offsets(consumer, passed)

    async def drain(self) -> None:
        await self.window.close()


class FastPath(BaseSubscription, ConsumerRebalanceListener):  # type: ignore[misc]  # untyped base
    """For events that take milliseconds: one after another; FastStream commits each."""

    def __init__(
        self,
        processing: Processing,
        settings: MessagingSettings,
        *,
        on_failure: Callable[[BaseException], None],
    ) -> None:
        super().__init__(processing, settings)
        self._on_failure = on_failure
        self._joined = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._taken_at: dict[TopicPartition, float] = {}
        """By partition, the time at which its unfinished event was first delivered."""
        self._done: dict[TopicPartition, int] = {}
        """By partition, the offset of its newest event that is done."""
        self._committed: dict[TopicPartition, int] = {}

    def subscribe(self, broker: KafkaBroker, *, group_id: str) -> None:
        self._subscribe(
            broker, group_id=group_id, ack_policy=AckPolicy.NACK_ON_ERROR, listener=self
        )

    async def take(self, record: Record) -> None:
        """After the retries `Unavailable` is raised: FastStream rewinds and skips nothing."""
        partition = TopicPartition(record.topic, record.partition)
        self._taken_at.setdefault(partition, time.monotonic())
        self._done.pop(partition, None)
        self._idle.clear()
        try:
            await self.processing.once(record)
        except Unavailable:
            raise
        except Exception as error:
            log.critical("%s blocks its partition: %s", record.source, error)
            # FastStream rewinds to the event; without the pause it is redelivered in a loop.
            self.subscriber.consumer.pause(*self.subscriber.consumer.assignment())
            self._on_failure(error)
            raise
        else:
            self._taken_at.pop(partition, None)
            self._done[partition] = record.offset
        finally:
            self._idle.set()

    def state(self) -> ConsumerState:
        self.look()
        now = time.monotonic()
        return ConsumerState(
            topic=self.processing.topic.name,
            running=self.running,
            joined=self._joined,
            # The unfinished event of a partition counts: only its position has passed it.
            lag=self.watch.lag() + len(self._taken_at),
            oldest_in_flight_seconds=now - min(self._taken_at.values(), default=now),
            since_last_delivery_seconds=self.watch.seconds_without_delivery(),
            blocked_lag=self.watch.blocked_lag(),
            problems=self.watch.problems(),
        )

    async def commit_passed(self, consumer: Any) -> None:
        passed = {
            partition: position
            for partition, position in self.watch.passed(consumer, self._done.get).items()
            # FastStream has committed the position behind an event that is done.
            if position not in (self._committed.get(partition), self._done.get(partition, -1) + 1)
        }
        if not passed or not self._joined:
            return
        try:
            await consumer.commit(passed)
            self._committed.update(passed)
        except (CommitFailedError, IllegalStateError, KafkaError) as error:
            log.debug("the commit failed and is repeated: %r", error)

    async def drain(self) -> None:
        """Nothing to do: FastStream waits for the one event in flight."""

    async def on_partitions_revoked(self, revoked: Any) -> None:
        """Wait for the one event in flight, before another instance may receive it too."""
        self._joined = False
        with suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), self.settings.drain_seconds)
        self._taken_at.clear()
        self._done.clear()
        self._committed.clear()

    async def on_partitions_assigned(self, assigned: Any) -> None:
        self._joined = True


async def _decode(message: KafkaAckableMessage) -> Record:
    return to_record(message.raw_message)
