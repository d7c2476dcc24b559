"""A store of image vectors that keeps the latest ones in memory."""

from collections.abc import Collection, Mapping, Sequence

from shared.embedding.protocol import Vectors
from shared.runtime.recent.bounded import RecentlyUsed
from shared.runtime.recent.images import MAX_SECONDS
from shared.store.protocol import ImageVectorStore


class RecentVectors:
    """An `ImageVectorStore` in front of another one. Raises `Unavailable` as that one does.

    A vector never changes: it belongs to a content and an encoder.
    """

    def __init__(self, store: ImageVectorStore, *, dimension: int, max_bytes: int) -> None:
        self._store = store
        self._vectors: RecentlyUsed[str, Vectors] = RecentlyUsed(
            max_entries=max_bytes // (4 * dimension + 300), max_seconds=MAX_SECONDS
        )

    async def put(self, vectors: Mapping[str, Vectors]) -> None:
        await self._store.put(vectors)

    async def get(self, content_hashes: Sequence[str]) -> dict[str, Vectors]:
        known = self._vectors.get(dict.fromkeys(content_hashes))
        missing = [name for name in dict.fromkeys(content_hashes) if name not in known]
        if missing:
            read = await self._store.get(missing)
            for vector in read.values():
                # Several requests share the array.
                vector.flags.writeable = False
            self._vectors.put(read.items())
            known |= read
        return known

    def forget_contents(self, content_hashes: Collection[str]) -> None:
        """Drop the vectors of removed images from memory."""
        self._vectors.drop(content_hashes)
