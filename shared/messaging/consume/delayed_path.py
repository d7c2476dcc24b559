"""Consume a retry topic: each record is processed a fixed time after it was written."""

import time
from collections.abc import Callable

from aiokafka import TopicPartition

from shared.events.topics import Topic
from shared.events.wire.record import Record
from shared.messaging.client.settings import MessagingSettings
from shared.messaging.consume.offset_window import OffsetWindow
from shared.messaging.consume.processing import Processing
from shared.messaging.consume.retry_record import original_of
from shared.messaging.consume.subscription import SlowPath


class DelayedPath(SlowPath):
    """The slow path behind a delay; the handler receives the original record of each copy.

    The delay is the same for all records, so they become due in the order in which they were
    written, and the first one that is not due pauses its partition. No record waits in memory.
    """

    def __init__(
        self,
        processing: Processing,
        settings: MessagingSettings,
        window: OffsetWindow,
        *,
        of: Topic,
        delay_seconds: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(processing, settings, window)
        self._of = of
        self._delay_seconds = delay_seconds
        self._clock = clock
        self._waited: dict[TopicPartition, int] = {}
        """By partition, the offset of the record that paused it last."""

    async def take(self, record: Record) -> None:
        consumer = self.subscriber.consumer
        partition = TopicPartition(record.topic, record.partition)
        seconds = self._seconds_until_due(record)
        if seconds > 0 and self._waited.get(partition) != record.offset:
            self._waited[partition] = record.offset
            self.watch.postpone(consumer, partition, record.offset, seconds=seconds)
        else:
            await self.window.submit(record, consumer, self._process)

    async def _process(self, copy: Record) -> None:
        await self.processing.until_done(original_of(copy, topic=self._of))

    def _seconds_until_due(self, record: Record) -> float:
        """At most the delay, whatever the clock of the writer was."""
        due_at = record.timestamp_ms / 1000 + self._delay_seconds
        return min(due_at - self._clock(), self._delay_seconds)
