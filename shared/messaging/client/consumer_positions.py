"""Read the positions of an aiokafka consumer at one moment, without waiting."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiokafka import TopicPartition

NOT_USED: Final = -1
"""aiokafka's last stable offset when uncommitted records are read too."""


@dataclass(frozen=True)
class PartitionPosition:
    """Where a consumer is in a partition, and how far it can read."""

    position: int | None
    """The next offset to read; None until it is known."""
    end: int | None
    """The first offset that cannot be read yet: behind the newest record, or at the first open
    transaction. None before the first fetch."""
    is_buffered: bool
    """Whether fetched records wait in the consumer."""

    @property
    def unread(self) -> int:
        """Offsets that can be read and have not been read; 0 while they are unknown."""
        if self.position is None or self.end is None:
            return 0
        return max(self.end - self.position, 0)


@dataclass(frozen=True)
class Positions:
    """The positions of the assigned partitions."""

    assignment: object
    """The same object until the next rebalance."""
    partitions: Mapping[TopicPartition, PartitionPosition]


def assignment_of(consumer: Any) -> Any:
    """The active assignment, the same object until the next rebalance; None without one."""
    subscription = consumer._subscription.subscription
    assignment = subscription.assignment if subscription is not None else None
    return assignment if assignment is not None and assignment.active else None


def positions_of(consumer: Any) -> Positions:
    """The positions now; none without an assignment.

    aiokafka's public `position` waits, and the position may move meanwhile. A commit of a position
    must know that no record was handed out after it, so this reads the state behind it.
    """
    assignment = assignment_of(consumer)
    if assignment is None:
        return Positions(None, {})
    buffered = consumer._fetcher._records
    partitions = {}
    for partition in assignment.tps:
        state = assignment.state_value(partition)
        end = state.highwater
        if end is not None and state.lso is not None and state.lso != NOT_USED:
            end = min(end, state.lso)
        position = state.position if state.has_valid_position else None
        partitions[partition] = PartitionPosition(position, end, partition in buffered)
    return Positions(assignment, partitions)


def let_others_follow(consumer: Any, partition: TopicPartition) -> None:
    """Take the next record from another partition, if one has fetched records.

    aiokafka empties one partition's fetched records, up to several thousand, before the next.
    """
    buffered = consumer._fetcher._records
    if len(buffered) > 1 and partition in buffered:
        buffered[partition] = buffered.pop(partition)
