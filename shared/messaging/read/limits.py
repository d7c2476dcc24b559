"""Limit the time of a bounded read: without progress, and in all."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from shared.domain.errors import Unavailable
from shared.messaging.client.kafka_types import OffsetRange, Partition


@dataclass(frozen=True)
class ReadLimits:
    """When a read gives up. Time that the caller spends on a batch does not count."""

    stall_seconds: float = 30.0
    """Longest time without progress, and longest wait for one answer. Kafka answers in
    milliseconds; a broker that restarts takes ten seconds, so a longer silence is a failure."""
    total_seconds: float = 300.0
    """Longest time in all. On two busy cores, 60,000 records of 200 bytes take two seconds, so only
    a very slow broker takes minutes."""


READ_LIMITS: Final = ReadLimits()
"""For short reads that block a caller, such as the start of a service."""
LONG_READ_LIMITS: Final = ReadLimits(stall_seconds=60.0, total_seconds=6 * 3600.0)
"""For whole topics and backlogs, which may have hundreds of millions of records."""


class ReadTimer:
    """Measures one read against its limits."""

    def __init__(self, limits: ReadLimits, *, address: str, monotonic: Callable[[], float]) -> None:
        self._limits = limits
        self._address = address
        self._monotonic = monotonic
        self._progress_at = monotonic()
        self._deadline = self._progress_at + limits.total_seconds

    def progressed(self) -> None:
        """Note that records arrived or a position moved."""
        self._progress_at = self._monotonic()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Do not count the time of this block."""
        began = self._monotonic()
        try:
            yield
        finally:
            self._progress_at = self._monotonic()
            self._deadline += self._progress_at - began

    def check(self, unfinished: Mapping[Partition, OffsetRange]) -> None:
        """Raise `Unavailable` when a limit is exceeded; `unfinished` has positions and ends."""
        now = self._monotonic()
        if now - self._progress_at > self._limits.stall_seconds:
            seconds, state = self._limits.stall_seconds, "nothing arrived"
        elif now > self._deadline:
            seconds, state = self._limits.total_seconds, "the read did not finish"
        else:
            return
        (topic, partition), (position, end) = min(unfinished.items())
        others = f" ({len(unfinished) - 1} more partitions wait)" if len(unfinished) > 1 else ""
        raise Unavailable(
            "kafka",
            f"{state} within {seconds:g} s: topic {topic}, partition {partition} is at offset"
            f" {position} of {end}{others}. Check that the broker {self._address} runs and answers",
        )
