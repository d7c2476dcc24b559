"""Store images in Qdrant: the address of each image id, and each model's description."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from qdrant_client import AsyncQdrantClient
from qdrant_client.http.models import FieldCondition, Filter, MatchValue, PointStruct, Record

from shared.domain.ids import derived_id, image_point_id
from shared.domain.images.image_key import ImageKey
from shared.domain.taste import ELEMENTS, Element
from shared.store.protocol import Described, ImageDescription, KnownImage
from shared.store.qdrant import ensure_collection, index_payload, qdrant_errors
from shared.store.vector_norms import restore_norm

ELEMENTS_VECTOR: Final = "elements"
IDS: Final = "image_ids"
"""Collection of the image ids of all tenants."""
DESCRIPTIONS: Final = "images."
"""Prefix of the collections of descriptions, one for each embedder."""
CONTENT: Final = "content_hash"


class QdrantImages:
    """An `ImageStore` on two collections: ids by tenant, and descriptions by content and model."""

    def __init__(self, client: AsyncQdrantClient, *, embedder: str) -> None:
        self._client = client
        self.ids = IDS
        self.descriptions_collection = f"{DESCRIPTIONS}{embedder}"

    async def prepare(self, *, dimension: int) -> None:
        """Create the collections if they are missing."""
        size = len(ELEMENTS) * dimension
        await ensure_collection(self._client, self.ids, {}, on_disk=True)
        await index_payload(self._client, self.ids, ("tenant", CONTENT))
        await ensure_collection(
            self._client, self.descriptions_collection, {ELEMENTS_VECTOR: size}, on_disk=True
        )
        await index_payload(self._client, self.descriptions_collection, (CONTENT,))

    async def remember(self, images: Sequence[KnownImage]) -> None:
        points = [
            PointStruct(
                id=_id_point(image.tenant, image.image_id),
                vector={},
                payload=image.model_dump(mode="json"),
            )
            for image in images
        ]
        if points:
            with qdrant_errors():
                await self._client.upsert(self.ids, points, wait=True)

    async def find(self, *, tenant: str, image_ids: Sequence[str]) -> dict[str, KnownImage]:
        point_ids = [_id_point(tenant, image_id) for image_id in dict.fromkeys(image_ids)]
        if not point_ids:
            return {}
        with qdrant_errors():
            points = await self._client.retrieve(self.ids, point_ids, with_payload=True)
        known = [KnownImage.model_validate(point.payload) for point in points]
        return {image.image_id: image for image in known}

    async def forget(self, keys: Collection[ImageKey]) -> dict[ImageKey, str]:
        point_ids = {_id_point(*key): key for key in keys}
        if not point_ids:
            return {}
        with qdrant_errors():
            points = await self._client.retrieve(self.ids, list(point_ids), with_payload=[CONTENT])
            if points:
                await self._client.delete(self.ids, [point.id for point in points], wait=True)
        return {point_ids[str(point.id)]: (point.payload or {})[CONTENT] for point in points}

    async def sample(self, *, tenant: str, limit: int) -> list[KnownImage]:
        with qdrant_errors():
            # In the order of the point ids, which are hashes.
            points, _ = await self._client.scroll(
                self.ids,
                scroll_filter=Filter(
                    must=[FieldCondition(key="tenant", match=MatchValue(value=tenant))]
                ),
                limit=limit,
                with_payload=True,
            )
        return [KnownImage.model_validate(point.payload) for point in points]

    async def describe(self, described: Sequence[Described]) -> None:
        points = [
            PointStruct(
                id=_description_point(
                    image.description.content_hash, image.description.model_version
                ),
                vector={ELEMENTS_VECTOR: image.vector.tolist()},
                payload=image.description.model_dump(mode="json"),
            )
            for image in described
        ]
        if points:
            with qdrant_errors():
                await self._client.upsert(self.descriptions_collection, points, wait=True)

    async def descriptions(
        self, *, content_hashes: Sequence[str], model_version: str
    ) -> dict[str, Described]:
        by_hash = {}
        for point in await self._described(content_hashes, model_version, with_vectors=True):
            assert isinstance(point.vector, dict)
            description = ImageDescription.model_validate(point.payload)
            vector = restore_norm(point.vector[ELEMENTS_VECTOR])
            by_hash[description.content_hash] = Described(description, vector)
        return by_hash

    async def described_words(
        self, *, content_hashes: Sequence[str], model_version: str
    ) -> dict[str, Mapping[Element, tuple[str, ...]]]:
        points = await self._described(content_hashes, model_version, with_vectors=False)
        described = [ImageDescription.model_validate(point.payload) for point in points]
        return {description.content_hash: description.words for description in described}

    async def _described(
        self, content_hashes: Sequence[str], model_version: str, *, with_vectors: bool
    ) -> list[Record]:
        point_ids = [
            _description_point(content_hash, model_version)
            for content_hash in dict.fromkeys(content_hashes)
        ]
        if not point_ids:
            return []
        with qdrant_errors():
            return await self._client.retrieve(
                self.descriptions_collection,
                point_ids,
                with_payload=True,
                with_vectors=with_vectors,
            )


def _id_point(tenant: str, image_id: str) -> str:
    return str(derived_id("image-id", tenant, image_id))


def _description_point(content_hash: str, model_version: str) -> str:
    return str(image_point_id(content_hash=content_hash, model_version=model_version))
