"""Know how much time a request has left, and where it went."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from shared.observability.tracing import Stages, untraced

T = TypeVar("T")


class NoTimeLeft(Exception):
    """The deadline is near; answer with what there is."""


class Stopwatch:
    """Milliseconds by stage, and what is left until the deadline."""

    def __init__(
        self,
        *,
        queued_ms: float,
        deadline_ms: float,
        now: Callable[[], float],
        spans: Stages = untraced,
    ) -> None:
        self._spans = spans
        self._now = now
        self._began = now()
        self._queued_ms = max(queued_ms, 0.0)
        self._deadline_ms = deadline_ms
        self._stages: dict[str, float] = {"queue": round(self._queued_ms, 1)}

    @property
    def elapsed_ms(self) -> float:
        """Since the event was written to Kafka."""
        return self._queued_ms + (self._now() - self._began) * 1000

    @property
    def left_ms(self) -> float:
        return self._deadline_ms - self.elapsed_ms

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        began = self._now()
        try:
            with self._spans(name):
                yield
        finally:
            self._stages[name] = round((self._now() - began) * 1000, 1)

    async def in_time(self, work: Callable[[], Awaitable[T]]) -> T:
        """The outcome of `work`, given up when the deadline comes; raises `NoTimeLeft`."""
        if self.left_ms <= 0:
            raise NoTimeLeft
        deadline = asyncio.timeout(self.left_ms / 1000)
        try:
            async with deadline:
                return await work()
        except TimeoutError as error:
            # One of the work's own is no sign of ours.
            if not deadline.expired():
                raise
            raise NoTimeLeft from error

    def stages(self) -> dict[str, float]:
        return {**self._stages, "total": round(self.elapsed_ms, 1)}
