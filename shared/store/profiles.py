"""Store profiles in Qdrant: one point per user and taste, each side as a named vector."""

import asyncio
from typing import Final

from qdrant_client import AsyncQdrantClient
from qdrant_client.http.models import PointStruct

from shared.domain.ids import derived_id, profile_point_id
from shared.domain.taste import ELEMENTS
from shared.store.protocol import (
    StoredCorrections,
    StoredProfile,
    TasteVectors,
    with_corrections,
)
from shared.store.qdrant import ensure_collection, index_payload, qdrant_errors
from shared.store.vector_norms import restore_norm

PREFERENCE: Final = "preference"
NON_PREFERENCE: Final = "non_preference"
CORRECTIONS: Final = "corrections"
"""Collection of the users' corrections; it does not depend on the embedder."""


class QdrantProfiles:
    """A `ProfileStore`; its collection is named after the embedder that made the vectors."""

    def __init__(self, client: AsyncQdrantClient, *, embedder: str) -> None:
        self._client = client
        self.collection = f"profiles.{embedder}"

    async def prepare(self, *, dimension: int) -> None:
        """Create the collections if they are missing."""
        size = len(ELEMENTS) * dimension
        sizes = {PREFERENCE: size, NON_PREFERENCE: size}
        await ensure_collection(self._client, self.collection, sizes, on_disk=False)
        await ensure_collection(self._client, CORRECTIONS, {}, on_disk=True)
        for collection in (self.collection, CORRECTIONS):
            await index_payload(self._client, collection)

    async def get(self, *, tenant: str, user_id: str) -> StoredProfile | None:
        with qdrant_errors():
            predicted, corrections = await asyncio.gather(
                self._client.retrieve(self.collection, [_point(tenant, user_id)]),
                self._client.retrieve(CORRECTIONS, [_corrections_point(tenant, user_id)]),
            )
        return with_corrections(
            StoredProfile.model_validate(predicted[0].payload) if predicted else None,
            StoredCorrections.model_validate(corrections[0].payload) if corrections else None,
        )

    async def vectors(self, *, tenant: str, user_id: str) -> TasteVectors | None:
        with qdrant_errors():
            points = await self._client.retrieve(
                self.collection, [_point(tenant, user_id)], with_payload=False, with_vectors=True
            )
        if not points or not isinstance(points[0].vector, dict):
            return None
        return TasteVectors(
            preference=restore_norm(points[0].vector[PREFERENCE]),
            non_preference=restore_norm(points[0].vector[NON_PREFERENCE]),
        )

    async def put(self, profile: StoredProfile, vectors: TasteVectors) -> None:
        point = PointStruct(
            id=_point(profile.tenant, profile.user_id),
            vector={
                PREFERENCE: vectors.preference.tolist(),
                NON_PREFERENCE: vectors.non_preference.tolist(),
            },
            payload=profile.model_dump(mode="json", exclude={"corrections"}),
        )
        with qdrant_errors():
            await self._client.upsert(self.collection, [point], wait=True)

    async def correct(self, corrections: StoredCorrections) -> None:
        point = PointStruct(
            id=_corrections_point(corrections.tenant, corrections.user_id),
            vector={},
            payload=corrections.model_dump(mode="json"),
        )
        with qdrant_errors():
            await self._client.upsert(CORRECTIONS, [point], wait=True)

    async def remove(self, *, tenant: str, user_id: str) -> int:
        stored = await self.get(tenant=tenant, user_id=user_id)
        if stored is None:
            return 0
        with qdrant_errors():
            await self._client.delete(self.collection, [_point(tenant, user_id)], wait=True)
            await self._client.delete(CORRECTIONS, [_corrections_point(tenant, user_id)], wait=True)
        return 1


def _point(tenant: str, user_id: str) -> str:
    return str(profile_point_id(tenant=tenant, user_id=user_id))


def _corrections_point(tenant: str, user_id: str) -> str:
    return str(derived_id("corrections", tenant, user_id))
