"""Store erasures in Qdrant, and search all collections for an erased user's points."""

from collections.abc import Collection
from typing import Final

from qdrant_client import AsyncQdrantClient
from qdrant_client.http.models import FieldCondition, Filter, MatchValue, PointStruct

from shared.domain.erasures import Erasure, erased_user_hash
from shared.domain.user import User
from shared.store.qdrant import ensure_collection, qdrant_errors

COLLECTION: Final = "erasures"
PREFIXES_WITHOUT_USERS: Final = ("image_ids", "images.", "image_vectors.", "catalog.")
"""Prefixes of collections that store images by content and by id: millions of points, no user."""


class QdrantErasures:
    """An `ErasureStore`: one point per user, under the hash of the user's name."""

    def __init__(self, client: AsyncQdrantClient) -> None:
        self._client = client

    async def prepare(self) -> None:
        """Create the collection if it is missing."""
        await ensure_collection(self._client, COLLECTION, {}, on_disk=True)

    async def get(self, *, tenant: str, user_id: str) -> Erasure | None:
        user = User(tenant, user_id)
        return (await self.get_many([user])).get(user)

    async def get_many(self, users: Collection[User]) -> dict[User, Erasure]:
        by_hash = {erased_user_hash(tenant=u.tenant, user_id=u.user_id): u for u in users}
        with qdrant_errors():
            points = await self._client.retrieve(COLLECTION, list(by_hash))
        return {by_hash[str(p.id)]: Erasure.model_validate(p.payload) for p in points}

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
