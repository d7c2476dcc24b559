"""Store in Qdrant which images are removed: one point an image, under the hash of its id."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from qdrant_client import AsyncQdrantClient
from qdrant_client.http.models import PointStruct

from shared.domain.images.image_key import ImageKey
from shared.domain.images.record_position import RecordPosition
from shared.store.qdrant import ensure_collection, qdrant_errors
from shared.store.removal.protocol import RemovedImage, removal_id

COLLECTION: Final = "removed_images"
PAGE: Final = 10_000
CONTENTS: Final = "content_hashes"


class QdrantRemovedImages:
    """A `RemovedImageStore`. Kafka deletes tombstones after weeks; this collection stays."""

    def __init__(self, client: AsyncQdrantClient) -> None:
        self._client = client

    async def prepare(self) -> None:
        """Create the collection if it is missing."""
        await ensure_collection(self._client, COLLECTION, {}, on_disk=True)

    async def add(self, removed: Mapping[ImageKey, RemovedImage]) -> None:
        points = [
            PointStruct(
                id=str(removal_id(key)),
                vector={},
                payload=image.position._asdict() | {CONTENTS: list(image.content_hashes)},
            )
            for key, image in removed.items()
        ]
        if points:
            with qdrant_errors():
                await self._client.upsert(COLLECTION, points, wait=True)

    async def discard(self, keys: Collection[ImageKey]) -> None:
        if keys:
            with qdrant_errors():
                await self._client.delete(
                    COLLECTION, [str(removal_id(key)) for key in keys], wait=True
                )

    async def get(self, keys: Collection[ImageKey]) -> dict[ImageKey, RemovedImage]:
        by_id = {str(removal_id(key)): key for key in keys}
        if not by_id:
            return {}
        with qdrant_errors():
            points = await self._client.retrieve(COLLECTION, list(by_id))
        return {by_id[str(point.id)]: _removed_image(point.payload or {}) for point in points}

    async def all(self) -> AsyncIterator[tuple[UUID, RemovedImage]]:
        after = None
        while True:
            with qdrant_errors():
                points, after = await self._client.scroll(COLLECTION, limit=PAGE, offset=after)
            for point in points:
                yield UUID(str(point.id)), _removed_image(point.payload or {})
            if after is None:
                return

    async def contents_removed(self, ids: Sequence[UUID]) -> None:
        wanted = [str(id_) for id_ in ids]
        if not wanted:
            return
        with qdrant_errors():
            stored = await self._client.retrieve(COLLECTION, wanted, with_payload=False)
            # The embedded engine refuses an id without a point: an image that was published again.
            if stored:
                await self._client.set_payload(
                    COLLECTION, {CONTENTS: []}, points=[point.id for point in stored], wait=True
                )


def _removed_image(payload: Mapping[str, Any]) -> RemovedImage:
    position = RecordPosition(**{name: payload[name] for name in RecordPosition._fields})
    return RemovedImage(position, tuple(payload.get(CONTENTS, ())))
