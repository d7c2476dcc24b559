"""Store the vectors of images in Qdrant, by the content of the image, for one image encoder."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from qdrant_client import AsyncQdrantClient
from qdrant_client.http.models import PointStruct

from shared.domain.ids import derived_id
from shared.embedding.protocol import Vectors
from shared.store.qdrant import ensure_collection, index_payload, qdrant_errors

VECTOR: Final = "image"
PREFIX: Final = "image_vectors."
"""Of the names of all collections of image vectors."""


class QdrantImageVectors:
    """An `ImageVectorStore`; another encoder or dimension has another collection.

    So vectors of two models are never compared, and a changed model encodes all images again.
    """

    def __init__(self, client: AsyncQdrantClient, *, encoder: str, dimension: int) -> None:
        self._client = client
        self._dimension = dimension
        self.collection = f"{PREFIX}{encoder}.{dimension}"

    async def prepare(self) -> None:
        """Create the collection if it is missing."""
        await ensure_collection(
            self._client, self.collection, {VECTOR: self._dimension}, on_disk=True
        )
        await index_payload(self._client, self.collection, ("content_hash",))

    async def put(self, vectors: Mapping[str, Vectors]) -> None:
        points = [
            PointStruct(
                id=_point(content_hash),
                vector={VECTOR: vector.tolist()},
                payload={"content_hash": content_hash},
            )
            for content_hash, vector in vectors.items()
        ]
        if points:
            with qdrant_errors():
                await self._client.upsert(self.collection, points, wait=True)

    async def get(self, content_hashes: Sequence[str]) -> dict[str, Vectors]:
        point_ids = [_point(content_hash) for content_hash in dict.fromkeys(content_hashes)]
        if not point_ids:
            return {}
        with qdrant_errors():
            points = await self._client.retrieve(
                self.collection, point_ids, with_payload=True, with_vectors=True
            )
        vectors = {}
        for point in points:
            assert isinstance(point.vector, dict)
            assert point.payload is not None
            vectors[point.payload["content_hash"]] = np.asarray(point.vector[VECTOR], np.float32)
        return vectors


def _point(content_hash: str) -> str:
    return str(derived_id("image-vector", content_hash))
