"""Track the offset up to which a partition is done when its events finish in any order."""

from collections import deque
from dataclasses import dataclass


@dataclass
class Slot:
    """One event in flight."""

    offset: int
    opened_at: float
    done: bool = False


class PartitionOffsets:
    """The events of one partition in delivery order; only the finished prefix may be committed."""

    def __init__(self) -> None:
        self._slots: deque[Slot] = deque()
        self._newest = -1
        self.next_offset: int | None = None
        """The first offset that is not done: Kafka's committed offset."""

    def open(self, offset: int, *, now: float) -> Slot | None:
        """Add an event; None when it is in flight already (redelivered after a rewind)."""
        if offset <= self._newest:
            return None
        self._newest = offset
        slot = Slot(offset, now)
        self._slots.append(slot)
        return slot

    def done(self, slot: Slot) -> None:
        slot.done = True
        while self._slots and self._slots[0].done:
            self.next_offset = self._slots.popleft().offset + 1

    def pass_to(self, offset: int) -> None:
        """Count the offsets before this one as done; they have no records."""
        if not self._slots:
            self.next_offset = max(offset, self.next_offset or 0)

    @property
    def newest_done(self) -> int | None:
        """The newest offset that was added, if it and all before it are done."""
        return self._newest if self._newest >= 0 and not self._slots else None

    @property
    def newest(self) -> int:
        """The newest offset that was added, -1 before the first."""
        return self._newest

    @property
    def oldest_opened_at(self) -> float | None:
        return self._slots[0].opened_at if self._slots else None

    def span_with(self, offset: int) -> int:
        """Number of offsets from the oldest unfinished event to `offset`."""
        return offset - self._slots[0].offset if self._slots else 0
