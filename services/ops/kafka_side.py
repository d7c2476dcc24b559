"""Speak to Kafka for browsers and apps without a client: send events, await feeds, hear news."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from shared.client.live import AsyncClient, Heard
from shared.events import ImageCandidates, RankedFeed
from shared.events.base import Event
from shared.events.record import Record
from shared.events.topics import ERASED, FEEDS, MODELS, PROFILES, Topic
from shared.messaging.settings import MessagingSettings

HEARD: tuple[Topic, ...] = (FEEDS, PROFILES, MODELS, ERASED)
"""What is answered and announced; what apps send is counted by its offsets, not read."""


class KafkaSide(Protocol):
    """What dashboard and gateway need of Kafka; all of it raises `Unavailable`."""

    async def send(self, *events: Event) -> None:
        """Publish events; returns when Kafka has acknowledged every one."""
        ...

    async def answer(self, event: ImageCandidates, *, seconds: float) -> RankedFeed:
        """Send a request and wait for its feed; raises `NoAnswer`."""
        ...

    def listening(
        self, wanted: Callable[[Record], bool] = ...
    ) -> AbstractAsyncContextManager[AsyncIterator[Heard]]:
        """What is heard from now on, for the length of a block."""
        ...

    def dead_because(self) -> str | None:
        """Why this process should be started anew, or None."""
        ...

    async def not_ready_because(self) -> str | None:
        """Why nothing can be sent or heard now, or None."""
        ...


class LiveKafka(AsyncClient):
    """A `KafkaSide`, and what health asks about it."""

    def __init__(self, settings: MessagingSettings) -> None:
        super().__init__(settings, topics=HEARD)

    def failure(self) -> BaseException | None:
        """What it cannot go on after; a Kafka that is away comes back, and is none."""
        return self.reading_failure()

    def dead_because(self) -> str | None:
        failure = self.failure()
        return None if failure is None else f"nothing is heard of Kafka any more: {failure!r}"

    async def not_ready_because(self) -> str | None:
        return await self.silent_because()

    async def ended(self) -> None:
        """Wait for the failure that we cannot go on after, and raise it."""
        await self.until_reading_fails()
