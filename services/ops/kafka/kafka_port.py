"""Speak to Kafka for browsers and apps without a client: send events, await feeds, hear news."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from shared.client.asynchronous import Heard
from shared.events import ImageCandidates, RankedFeed
from shared.events.topics import ERASED, FEEDS, MODELS, PROFILES, Topic
from shared.events.types.base import Event
from shared.events.wire.record import Record
from shared.messaging.read.by_key import Places, Since

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

    async def feed(self, *, tenant: str, request_id: str) -> RankedFeed | None:
        """The feed of a request, read back; None when none is known."""
        ...

    async def since(self, key: bytes, topics: Sequence[Topic], places: Places | None) -> Since:
        """What was written of a key since a reader left off; None: only where it may begin."""
        ...

    def is_awaited(self, *, tenant: str, request_id: str) -> bool:
        """Whether the request went out through us and has no feed yet."""
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
