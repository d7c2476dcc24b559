"""The interface to Kafka for pages and endpoints: send events, wait for feeds, listen."""

from collections.abc import AsyncIterator, Callable, Sequence, Set
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from shared.client.asynchronous import ReceivedRecord
from shared.domain.requests.request_key import RequestKey
from shared.events import ImageCandidates, RankedFeed
from shared.events.topics import ERASED, FEEDS, MODELS, PROFILES, Topic
from shared.events.types.base import Event
from shared.events.wire.record import Record
from shared.messaging.read.by_key import KeyPositions, RecordsSince

READ_TOPICS: tuple[Topic, ...] = (FEEDS, PROFILES, MODELS, ERASED)
"""Topics that this service reads. It does not read the events of apps, only their offsets."""


class KafkaPort(Protocol):
    """What dashboard and gateway need from Kafka. Every method raises `Unavailable`."""

    async def send(self, *events: Event) -> None:
        """Publish events. Returns when Kafka has acknowledged all of them."""
        ...

    async def remove_images(self, *image_ids: str, tenant: str | None = ...) -> None:
        """Remove images from the catalog of a tenant. Raises `Unprocessable` for an invalid id."""
        ...

    async def answer(self, event: ImageCandidates, *, seconds: float) -> RankedFeed:
        """Send a request and wait for its feed. Raises `NoAnswer` after `seconds`."""
        ...

    async def feed(self, request: RequestKey) -> RankedFeed | None:
        """Read back the latest feed of a request; None if it is unknown."""
        ...

    def users_of(self, *, tenant: str, request_id: str) -> Set[str]:
        """Return the users of the tenant with a known request of this id."""
        ...

    async def since(
        self, key: bytes, topics: Sequence[Topic], positions: KeyPositions | None
    ) -> RecordsSince:
        """Return the records of a key since `positions`; with None, only the end positions."""
        ...

    def is_awaited(self, request: RequestKey) -> bool:
        """Return whether this process sent the request and has no feed for it yet."""
        ...

    def listening(
        self, wanted: Callable[[Record], bool] = ...
    ) -> AbstractAsyncContextManager[AsyncIterator[ReceivedRecord]]:
        """Yield new records while the block runs."""
        ...

    def dead_because(self) -> str | None:
        """Return why this process must be restarted, or None."""
        ...

    async def not_ready_because(self) -> str | None:
        """Return why nothing can be sent or read at the moment, or None."""
        ...
