"""Store each user's latest impressions in Qdrant, one bounded point per user."""

from typing import Final

from qdrant_client import AsyncQdrantClient
from qdrant_client.http.models import PointStruct

from shared.domain.ids import derived_id
from shared.store.protocol import Impressions
from shared.store.qdrant import ensure_collection, index_payload, qdrant_errors

COLLECTION: Final = "impressions"


class QdrantImpressions:
    """An `ImpressionStore`; its points have no vectors, since they are read by user only."""

    def __init__(self, client: AsyncQdrantClient) -> None:
        self._client = client

    async def prepare(self) -> None:
        """Create the collection if it is missing."""
        await ensure_collection(self._client, COLLECTION, {}, on_disk=True)
        await index_payload(self._client, COLLECTION)

    async def get(self, *, tenant: str, user_id: str) -> Impressions | None:
        with qdrant_errors():
            points = await self._client.retrieve(
                COLLECTION, [_point(tenant, user_id)], with_payload=True
            )
        return Impressions.model_validate(points[0].payload) if points else None

    async def put(self, impressions: Impressions) -> None:
        point = PointStruct(
            id=_point(impressions.tenant, impressions.user_id),
            vector={},
            payload=impressions.model_dump(mode="json"),
        )
        with qdrant_errors():
            await self._client.upsert(COLLECTION, [point], wait=True)

    async def remove(self, *, tenant: str, user_id: str) -> int:
        stored = await self.get(tenant=tenant, user_id=user_id)
        if stored is None:
            return 0
        with qdrant_errors():
            await self._client.delete(COLLECTION, [_point(tenant, user_id)], wait=True)
        return len(stored.seen_at)


def _point(tenant: str, user_id: str) -> str:
    return str(derived_id("impressions", tenant, user_id))
