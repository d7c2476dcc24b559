"""Follow a consumer's positions: lag, partitions that cannot be read, and positions to commit.

Positions count, not records: transaction markers, compacted and deleted offsets have no record, and
an event that is never delivered must not look like one that is late.
"""

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError

from shared.messaging.batches.aiokafka_batch import UnreadablePartition
from shared.messaging.client.consumer_positions import (
    PartitionPosition,
    assignment_of,
    let_others_follow,
    positions_of,
)

log = logging.getLogger(__name__)
RETRY_SECONDS: Final = 5.0
"""Pause of a partition that cannot be read: its next attempt does not slow the others down."""
UNFETCHED_SECONDS: Final = 15.0
"""A fetch takes milliseconds, and a new leader a few seconds; a partition that gets none for this
long has a problem. Short enough that its alert fires within a minute."""
ERROR_GAP_SECONDS: Final = 20.0
"""Errors of one consumer that follow each other sooner belong together; FastStream waits up to
fifteen seconds after one."""


@dataclass
class _Blocked:
    """A partition whose next batch cannot be used."""

    offset: int
    reason: str
    retry_at: float


class PositionWatch:
    """The positions of one consumer; its owner calls `sample` regularly."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._assignment: object = None
        self._partitions: Mapping[TopicPartition, PartitionPosition] = {}
        self._handed_out: dict[TopicPartition, int] = {}
        """By partition, the offset of its latest record that left the consumer."""
        self._blocked: dict[TopicPartition, _Blocked] = {}
        self._postponed: dict[TopicPartition, float] = {}
        """By partition, the time at which its next record is due."""
        self._unfetched_since: dict[TopicPartition, tuple[int | None, float]] = {}
        self._behind_since: float | None = None
        self._delivered_at = monotonic()
        self._errors: tuple[float, float, str] | None = None
        """First and latest time, and text, of errors of the whole consumer."""

    async def next_record(self, consumer: Any) -> Any:
        """The consumer's next record; a partition that cannot be read does not stop the others."""
        while True:
            try:
                raw = await consumer.getone()
            except UnreadablePartition as error:
                self._block(consumer, error)
            except Exception as error:
                self._note_error(error)
                raise
            else:
                # Nothing may be awaited before this line: the position has moved already.
                self._hand_out(consumer, raw)
                return raw

    def postpone(
        self, consumer: Any, partition: TopicPartition, offset: int, *, seconds: float
    ) -> None:
        """Deliver the record at `offset` again after this time; its partition pauses until then.

        The records of the partition are no lag meanwhile.
        """
        self._look(consumer)
        if partition in self._partitions:
            consumer.pause(partition)
            consumer.seek(partition, offset)
            self._postponed[partition] = self._monotonic() + seconds

    def sample(self, consumer: Any) -> None:
        """Look at the positions, and let paused partitions continue when it is time."""
        self._look(consumer)
        now = self._monotonic()
        for partition, due_at in list(self._postponed.items()):
            if now >= due_at:
                del self._postponed[partition]
                with suppress(IllegalStateError):
                    consumer.resume(partition)
        for partition, blocked in self._blocked.items():
            if now >= blocked.retry_at:
                with suppress(IllegalStateError):
                    consumer.resume(partition)
        for partition, where in self._partitions.items():
            waits = where.unread > 0 or where.position is None or where.end is None
            since = self._unfetched_since.get(partition)
            paused = partition in self._blocked or partition in self._postponed
            if not waits or where.is_buffered or paused:
                self._unfetched_since.pop(partition, None)
            elif since is None or since[0] != where.position:
                self._unfetched_since[partition] = (where.position, now)

    def lag(self) -> int:
        """Unread offsets of the partitions that can be read now."""
        paused = self._blocked.keys() | self._postponed.keys()
        return sum(w.unread for p, w in self._partitions.items() if p not in paused)

    def blocked_lag(self) -> int:
        """Unread offsets of the partitions that cannot be read."""
        return sum(self._partitions[p].unread for p in self._blocked if p in self._partitions)

    def seconds_without_delivery(self) -> float:
        """Seconds since the latest delivery, or since there is lag if that was later."""
        return self._monotonic() - max(self._delivered_at, self._behind_since or 0.0)

    def problems(self) -> tuple[str, ...]:
        """One sentence for each partition that cannot be read, and for lasting errors."""
        now = self._monotonic()
        problems = [
            f"topic {p.topic}, partition {p.partition} cannot be read at offset {b.offset}:"
            f" {b.reason}. Its events wait; compare the replicas of this partition, or move the"
            " group's offset behind the batch"
            for p, b in sorted(self._blocked.items())
        ]
        for partition, (position, since) in sorted(self._unfetched_since.items()):
            if now - since > UNFETCHED_SECONDS:
                problems.append(
                    f"topic {partition.topic}, partition {partition.partition} is at offset"
                    f" {position}, {self._unread(partition)}, and nothing was fetched for"
                    f" {now - since:.0f} s"
                )
        if self._errors is not None:
            first, latest, text = self._errors
            if now - latest < ERROR_GAP_SECONDS < latest - first:
                problems.append(f"Kafka has returned errors for {latest - first:.0f} s: {text}")
        return tuple(problems)

    def _unread(self, partition: TopicPartition) -> str:
        where = self._partitions.get(partition)
        is_known = where is not None and where.end is not None and where.position is not None
        return f"{where.unread} offsets are unread" if where and is_known else "its end is unknown"

    @property
    def blocked_partitions(self) -> int:
        """Number of partitions that cannot be read now."""
        now = self._monotonic()
        unfetched = (s for _, s in self._unfetched_since.values() if now - s > UNFETCHED_SECONDS)
        return len(self._blocked) + sum(1 for _ in unfetched)

    def passed(
        self, consumer: Any, newest_done: Callable[[TopicPartition], int | None]
    ) -> dict[TopicPartition, int]:
        """The position of each partition whose handed-out records are all done.

        `newest_done` returns the newest offset of a partition if it and all before it are done.
        Offsets without records, such as transaction markers, are passed only by these positions.
        """
        self._look(consumer)
        return {
            partition: where.position
            for partition, where in self._partitions.items()
            if where.position
            and (
                partition not in self._handed_out
                or newest_done(partition) == self._handed_out[partition]
            )
        }

    def _look(self, consumer: Any) -> None:
        positions = positions_of(consumer)
        if positions.assignment is not self._assignment:
            # After a rebalance the records that were handed out before are delivered again.
            self._assignment = positions.assignment
            self._handed_out.clear()
            self._blocked.clear()
            self._postponed.clear()
            self._unfetched_since.clear()
        self._partitions = positions.partitions
        for partition, blocked in list(self._blocked.items()):
            position = self._partitions[partition].position
            if position is not None and position > blocked.offset:
                del self._blocked[partition]
        if self.lag() == 0:
            self._behind_since = None
        elif self._behind_since is None:
            self._behind_since = self._monotonic()

    def _hand_out(self, consumer: Any, raw: Any) -> None:
        # Looking at every position takes a tenth of the time of an event, so only when needed.
        if self._blocked or assignment_of(consumer) is not self._assignment:
            self._look(consumer)
        partition = TopicPartition(raw.topic, raw.partition)
        let_others_follow(consumer, partition)
        self._handed_out[partition] = raw.offset
        self._delivered_at = self._monotonic()
        self._errors = None

    def _block(self, consumer: Any, error: UnreadablePartition) -> None:
        self._look(consumer)
        if error.partition not in self._partitions:
            return
        if error.partition not in self._blocked:
            log.error("%s", error)
        retry_at = self._monotonic() + RETRY_SECONDS
        self._blocked[error.partition] = _Blocked(error.offset, error.reason, retry_at)
        consumer.pause(error.partition)

    def _note_error(self, error: Exception) -> None:
        now = self._monotonic()
        follows = self._errors is not None and now - self._errors[1] < ERROR_GAP_SECONDS
        first = self._errors[0] if follows and self._errors is not None else now
        self._errors = (first, now, f"{type(error).__name__}: {error}"[:300])
