"""The protocol of the store of removed images, and what it keeps of each."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Protocol
from uuid import UUID

from shared.domain.images.image_key import ImageKey
from shared.domain.images.record_position import RecordPosition


@dataclass(frozen=True)
class RemovedImage:
    """A removed image. Its id is stored as a hash: a removal keeps no name."""

    position: RecordPosition
    """The tombstone that removed it."""
    content_hashes: tuple[str, ...] = ()
    """Contents of the image that may still have to be removed; empty once that is done."""


class RemovedImageStore(Protocol):
    """Stores which images are removed. Raises `Unavailable` when it does not answer."""

    async def add(self, removed: Mapping[ImageKey, RemovedImage]) -> None:
        """Store removals; returns when they are durable."""
        ...

    async def discard(self, keys: Collection[ImageKey]) -> None:
        """Forget removals: the app has published these images again."""
        ...

    async def get(self, keys: Collection[ImageKey]) -> dict[ImageKey, RemovedImage]:
        """The removals of those images that are removed."""
        ...

    def all(self) -> AsyncIterator[tuple[UUID, RemovedImage]]:
        """Every removal with the hash of its image (`removal_id`), read without a filter."""
        ...

    async def contents_removed(self, ids: Sequence[UUID]) -> None:
        """Note that nothing is left to remove of these images' contents."""
        ...


def removal_key(key: ImageKey) -> bytes:
    """The hash under which a removed image is known, 16 bytes; less than a microsecond each."""
    text = f"{len(key.tenant)}:{key.tenant}{key.image_id}"
    return blake2b(text.encode(), digest_size=16).digest()


def removal_id(key: ImageKey) -> UUID:
    """The same hash as the id of a stored point."""
    return UUID(bytes=removal_key(key))
