"""Store profiles in Qdrant: one point per user and one per joint taste, a vector per side."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from qdrant_client import AsyncQdrantClient
from qdrant_client.http.models import (
    FieldCondition,
    Filter,
    FilterSelector,
    HasIdCondition,
    MatchValue,
    PointStruct,
)

from shared.domain.ids import derived_id, profile_point_id
from shared.domain.joint_tastes import MAX_TASTES
from shared.domain.taste import ELEMENTS
from shared.embedding.protocol import Vectors
from shared.events.types.taste_change import IgnoredReason
from shared.store.protocol import (
    EmbeddedTaste,
    NearTaste,
    StoredCorrections,
    StoredProfile,
    TasteVectors,
    with_corrections,
)
from shared.store.qdrant import ensure_collection, index_payload, qdrant_errors
from shared.store.vector_norms import restore_norm

PREFERENCE: Final = "preference"
NON_PREFERENCE: Final = "non_preference"
PROFILES: Final = "profiles."
"""Prefix of the collections of profiles, one for each embedder."""
REFERENCED: Final = "references[].content_hash"
"""Payload field of the contents of a user's references."""
CORRECTIONS: Final = "corrections"
"""Collection of the users' corrections; it does not depend on the embedder."""


class QdrantProfiles:
    """A `ProfileStore`; its collection is named after the embedder that made the vectors."""

    def __init__(self, client: AsyncQdrantClient, *, embedder: str) -> None:
        self._client = client
        self.collection = f"{PROFILES}{embedder}"
        self.joint_tastes = f"joint_tastes.{embedder}"
        """Only users with several tastes have points here, one for each taste."""

    async def prepare(self, *, dimension: int) -> None:
        """Create the collections if they are missing."""
        size = len(ELEMENTS) * dimension
        sizes = {PREFERENCE: size, NON_PREFERENCE: size}
        await ensure_collection(self._client, self.collection, sizes, on_disk=False)
        await ensure_collection(self._client, self.joint_tastes, sizes, on_disk=False)
        await ensure_collection(self._client, CORRECTIONS, {}, on_disk=True)
        for collection in (self.collection, self.joint_tastes, CORRECTIONS):
            await index_payload(self._client, collection)
        await index_payload(self._client, self.collection, (REFERENCED,))

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
        return _taste_vectors(points[0].vector) if points else None

    async def joint_vectors(self, *, tenant: str, user_id: str) -> dict[str, TasteVectors]:
        with qdrant_errors():
            points, _ = await self._client.scroll(
                self.joint_tastes,
                scroll_filter=_of(tenant, user_id),
                limit=MAX_TASTES,
                with_vectors=True,
            )
        vectors = {(p.payload or {})["taste_id"]: _taste_vectors(p.vector) for p in points}
        return {taste_id: both for taste_id, both in vectors.items() if both is not None}

    async def nearest(self, description: Vectors, *, tenant: str, limit: int) -> list[NearTaste]:
        with qdrant_errors():
            responses = await asyncio.gather(
                *(
                    self._client.query_points(
                        collection,
                        query=description.tolist(),
                        using=PREFERENCE,
                        query_filter=_of_tenant(tenant),
                        limit=limit,
                        with_payload=["user_id", "taste_id"],
                        with_vectors=True,
                    )
                    for collection in (self.collection, self.joint_tastes)
                )
            )
        return [
            NearTaste(point.payload["user_id"], point.payload.get("taste_id"), vectors)
            for response in responses
            for point in response.points
            if point.payload and (vectors := _taste_vectors(point.vector)) is not None
        ]

    async def put_joint(
        self, tastes: Sequence[EmbeddedTaste], *, tenant: str, user_id: str
    ) -> None:
        points = [
            PointStruct(
                id=str(derived_id("joint-taste", tenant, user_id, embedded.taste.taste_id)),
                vector=_named(embedded.vectors),
                payload={
                    "tenant": tenant,
                    "user_id": user_id,
                    **embedded.taste.model_dump(mode="json"),
                },
            )
            for embedded in tastes
        ]
        others = _of(tenant, user_id)
        if points:
            others.must_not = [HasIdCondition(has_id=[point.id for point in points])]
        with qdrant_errors():
            if points:
                await self._client.upsert(self.joint_tastes, points, wait=True)
            await self._client.delete(self.joint_tastes, FilterSelector(filter=others), wait=True)

    async def put(self, profile: StoredProfile, vectors: TasteVectors) -> None:
        point = PointStruct(
            id=_point(profile.tenant, profile.user_id),
            vector=_named(vectors),
            payload=profile.model_dump(mode="json", exclude={"corrections"}),
        )
        with qdrant_errors():
            await self._client.upsert(self.collection, [point], wait=True)

    async def put_ignored(
        self,
        counts: Mapping[IgnoredReason, int],
        *,
        applied_event_ids: Sequence[str],
        tenant: str,
        user_id: str,
    ) -> None:
        point_id = _point(tenant, user_id)
        payload = {
            "ignored_feedback": dict(counts),
            "applied_event_ids": list(applied_event_ids),
        }
        with qdrant_errors():
            # By id: for a filter, the embedded Qdrant compares the points of all users. It raises
            # an error for an id without a point, such as a user's whose profile was removed.
            if await self._client.retrieve(self.collection, [point_id], with_payload=False):
                await self._client.set_payload(
                    self.collection, payload, points=[point_id], wait=True
                )

    async def correct(self, corrections: StoredCorrections) -> None:
        point = PointStruct(
            id=_corrections_point(corrections.tenant, corrections.user_id),
            vector={},
            payload=corrections.model_dump(mode="json"),
        )
        with qdrant_errors():
            await self._client.upsert(CORRECTIONS, [point], wait=True)

    async def remove(self, *, tenant: str, user_id: str) -> int:
        # First, and also without a profile: a prediction that ended in between may have left some.
        await self.put_joint([], tenant=tenant, user_id=user_id)
        stored = await self.get(tenant=tenant, user_id=user_id)
        if stored is None:
            return 0
        with qdrant_errors():
            await self._client.delete(self.collection, [_point(tenant, user_id)], wait=True)
            await self._client.delete(CORRECTIONS, [_corrections_point(tenant, user_id)], wait=True)
        return 1


def _named(vectors: TasteVectors) -> dict[str, Any]:
    return {
        PREFERENCE: vectors.preference.tolist(),
        NON_PREFERENCE: vectors.non_preference.tolist(),
    }


def _taste_vectors(vector: object) -> TasteVectors | None:
    if not isinstance(vector, dict):
        return None
    return TasteVectors(
        preference=restore_norm(vector[PREFERENCE]),
        non_preference=restore_norm(vector[NON_PREFERENCE]),
    )


def _of_tenant(tenant: str) -> Filter:
    return Filter(must=[FieldCondition(key="tenant", match=MatchValue(value=tenant))])


def _of(tenant: str, user_id: str) -> Filter:
    return Filter(
        must=[
            FieldCondition(key="tenant", match=MatchValue(value=tenant)),
            FieldCondition(key="user_id", match=MatchValue(value=user_id)),
        ]
    )


def _point(tenant: str, user_id: str) -> str:
    return str(profile_point_id(tenant=tenant, user_id=user_id))


def _corrections_point(tenant: str, user_id: str) -> str:
    return str(derived_id("corrections", tenant, user_id))
