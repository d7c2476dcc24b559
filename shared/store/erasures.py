"""Store erasures in Qdrant, and search all collections for an erased user's points."""

from typing import Final

from qdrant_client import AsyncQdrantClient
from qdrant_client.http.models import FieldCondition, Filter, MatchValue, PointStruct

from shared.domain.erasures import Erasure, erased_user_hash
from shared.store.qdrant import ensure_collection, qdrant_errors

COLLECTION: Final = "erasures"
PREFIXES_WITHOUT_USERS: Final = ("image_ids", "images.")
"""Prefixes of collections that store images by content and by id: millions of points, no user."""


class QdrantErasures:
    """An `ErasureStore`: one point per user, under the hash of the user's name."""

    def __init__(self, client: AsyncQdrantClient) -> None:
        self._client = client

    async def prepare(self) -> None:
        """Create the collection if it is missing."""
        await ensure_collection(self._client, COLLECTION, {}, on_disk=True)

    async def get(self, *, tenant: str, user_id: str) -> Erasure | None:
        point_id = erased_user_hash(tenant=tenant, user_id=user_id)
        with qdrant_errors():
            points = await self._client.retrieve(COLLECTION, [point_id])
        return Erasure.model_validate(points[0].payload) if points else None

    async def add(self, erasure: Erasure, *, tenant: str, user_id: str) -> None:
        stored = await self.get(tenant=tenant, user_id=user_id)
        point = PointStruct(
            id=erased_user_hash(tenant=tenant, user_id=user_id),
            vector={},
            payload=erasure.with_earlier(stored).model_dump(mode="json"),
        )
        with qdrant_errors():
            await self._client.upsert(COLLECTION, [point], wait=True)

    async def remaining(self, *, tenant: str, user_id: str) -> dict[str, int]:
        """Search by payload, not by point id: the removal used the ids and may have missed some."""
        of_user = Filter(
            must=[
                FieldCondition(key="tenant", match=MatchValue(value=tenant)),
                FieldCondition(key="user_id", match=MatchValue(value=user_id)),
            ]
        )
        counts = {}
        with qdrant_errors():
            for collection in (await self._client.get_collections()).collections:
                if collection.name.startswith(PREFIXES_WITHOUT_USERS):
                    continue
                result = await self._client.count(collection.name, count_filter=of_user, exact=True)
                counts[collection.name] = result.count
        return counts
