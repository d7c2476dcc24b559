"""Keep in Qdrant which images a person has seen of late: one bounded point a person."""

from typing import Final

from qdrant_client import AsyncQdrantClient
from qdrant_client.http.models import PointStruct

from shared.domain.ids import derived_id
from shared.store.protocol import SeenImages
from shared.store.qdrant import ensure_collection, find_by_person, translated

COLLECTION: Final = "seen_images"


class QdrantSeen:
    """A `SeenStore`; no vectors, since it is asked by person alone."""

    def __init__(self, client: AsyncQdrantClient) -> None:
        self._client = client

    async def prepare(self) -> None:
        """Create the collection if it is missing."""
        await ensure_collection(self._client, COLLECTION, {}, on_disk=True)
        await find_by_person(self._client, COLLECTION)

    async def get(self, *, tenant: str, user_id: str) -> SeenImages | None:
        with translated():
            found = await self._client.retrieve(
                COLLECTION, [_point(tenant, user_id)], with_payload=True
            )
        return SeenImages.model_validate(found[0].payload) if found else None

    async def put(self, seen: SeenImages) -> None:
        point = PointStruct(
            id=_point(seen.tenant, seen.user_id), vector={}, payload=seen.model_dump(mode="json")
        )
        with translated():
            await self._client.upsert(COLLECTION, [point], wait=True)

    async def remove(self, *, tenant: str, user_id: str) -> int:
        known = await self.get(tenant=tenant, user_id=user_id)
        if known is None:
            return 0
        with translated():
            await self._client.delete(COLLECTION, [_point(tenant, user_id)], wait=True)
        return len(known.seen_at)


def _point(tenant: str, user_id: str) -> str:
    return str(derived_id("seen", tenant, user_id))
