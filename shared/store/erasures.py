"""Keep in Qdrant who was erased and until when, and look for what is left of them."""

from typing import Final

from qdrant_client import AsyncQdrantClient
from qdrant_client.http.models import FieldCondition, Filter, MatchValue, PointStruct

from shared.domain.erasures import Erasure, erased_person
from shared.store.qdrant import ensure_collection, translated

COLLECTION: Final = "erasures"
ABOUT_NOBODY: Final = ("image_ids", "images.")
"""How collections begin that keep images by content and by id: millions, without a user."""


class QdrantErasures:
    """An `ErasureStore`; a point a person, without their name."""

    def __init__(self, client: AsyncQdrantClient) -> None:
        self._client = client

    async def prepare(self) -> None:
        """Create the collection if it is missing."""
        await ensure_collection(self._client, COLLECTION, {}, on_disk=True)

    async def erased(self, *, tenant: str, user_id: str) -> Erasure | None:
        point = erased_person(tenant=tenant, user_id=user_id)
        with translated():
            found = await self._client.retrieve(COLLECTION, [point])
        return Erasure.model_validate(found[0].payload) if found else None

    async def remember(self, erasure: Erasure, *, tenant: str, user_id: str) -> None:
        known = await self.erased(tenant=tenant, user_id=user_id)
        point = PointStruct(
            id=erased_person(tenant=tenant, user_id=user_id),
            vector={},
            payload=erasure.with_earlier(known).model_dump(mode="json"),
        )
        with translated():
            await self._client.upsert(COLLECTION, [point], wait=True)

    async def remaining(self, *, tenant: str, user_id: str) -> dict[str, int]:
        """By what the points say, not by their ids: those are how they were removed."""
        about = Filter(
            must=[
                FieldCondition(key="tenant", match=MatchValue(value=tenant)),
                FieldCondition(key="user_id", match=MatchValue(value=user_id)),
            ]
        )
        counts = {}
        with translated():
            for collection in (await self._client.get_collections()).collections:
                if collection.name.startswith(ABOUT_NOBODY):
                    continue
                found = await self._client.count(collection.name, count_filter=about, exact=True)
                counts[collection.name] = found.count
        return counts
