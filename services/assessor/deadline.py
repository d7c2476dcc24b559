"""Measure how long each stage of a request takes, and stop work at the request's deadline."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from shared.observability.tracing import OpenSpan, untraced

T = TypeVar("T")


class DeadlineReached(Exception):
    """The deadline is too near to start or to continue the work."""


class Deadline:
    """The time budget of one request, in milliseconds since its record was written to Kafka."""

    def __init__(
        self,
        *,
        queued_ms: float,
        deadline_ms: float,
        now: Callable[[], float],
        spans: OpenSpan = untraced,
    ) -> None:
        self._spans = spans
        self._now = now
        self._started_at = now()
        self._queued_ms = max(queued_ms, 0.0)
        self._deadline_ms = deadline_ms
        self._stages: dict[str, float] = {"queue": round(self._queued_ms, 1)}

    @property
    def elapsed_ms(self) -> float:
        """Milliseconds since the record was written to Kafka."""
        return self._queued_ms + (self._now() - self._started_at) * 1000

    @property
    def left_ms(self) -> float:
        """Milliseconds until the deadline; negative after it."""
        return self._deadline_ms - self.elapsed_ms

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure the duration of one stage, also when the stage fails; durations add up."""
        started_at = self._now()
        try:
            with self._spans(name):
                yield
        finally:
            milliseconds = self._stages.get(name, 0.0) + (self._now() - started_at) * 1000
            self._stages[name] = round(milliseconds, 1)

    async def run(self, work: Callable[[], Awaitable[T]], *, least_ms: float = 0.0) -> T:
        """The result of `work`; cancels it at the deadline and raises `DeadlineReached`.

        `least_ms` is the time that short work has in any case, also after the deadline.
        """
        left_ms = max(self.left_ms, least_ms)
        if left_ms <= 0:
            raise DeadlineReached
        timeout = asyncio.timeout(left_ms / 1000)
        try:
            async with timeout:
                return await work()
        except TimeoutError as error:
            # The work may raise a TimeoutError of its own.
            if not timeout.expired():
                raise
            raise DeadlineReached from error

    def stages(self) -> dict[str, float]:
        """Milliseconds of each stage, with `queue` and `total`."""
        return {**self._stages, "total": round(self.elapsed_ms, 1)}
