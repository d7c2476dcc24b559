"""Keep the list of users in memory, because the embedded Qdrant has no index for it."""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from qdrant_client import AsyncQdrantClient

from shared.domain.ids import profile_point_id
from shared.events.types.taste_change import IgnoredReason
from shared.store.profiles import QdrantProfiles
from shared.store.protocol import (
    EmbeddedTaste,
    ProfileStore,
    StoredCorrections,
    StoredProfile,
    TasteVectors,
)
from shared.store.qdrant import qdrant_errors
from shared.store.user_list import LISTED_FIELDS, ListedUser, QdrantUsers, UserPage, UserStore

ALL: Final = 1_000_000_000
"""A limit higher than the number of points of any embedded store."""


async def with_user_list(
    profiles: QdrantProfiles, client: AsyncQdrantClient, *, embedded: bool
) -> tuple[ProfileStore, UserStore]:
    """A prepared store of profiles and the list of its users; use both together."""
    if not embedded:
        return profiles, QdrantUsers(client, collection=profiles.collection)
    index = await UserIndex.load(client, profiles.collection)
    return IndexedProfiles(profiles, index), index


class UserIndex:
    """A `UserStore` in memory, in the order of the point ids, like the server's.

    The embedded Qdrant compares every payload with the filter: one second for 100,000 users, during
    which the process does nothing else.
    """

    def __init__(self) -> None:
        self._ids: dict[str, list[str]] = defaultdict(list)
        """Sorted point ids of each tenant."""
        self._lines: dict[str, Mapping[str, Any]] = {}
        """Listed fields of each point id."""

    @classmethod
    async def load(cls, client: AsyncQdrantClient, collection: str) -> "UserIndex":
        """Read all users of a collection; runs once, when the process starts."""
        with qdrant_errors():
            points, _ = await client.scroll(
                collection, limit=ALL, with_payload=[*LISTED_FIELDS, "tenant"], with_vectors=False
            )
        index = cls()
        for point in points:
            line = dict(point.payload or {})
            index._lines[str(point.id)] = line
            index._ids[line.pop("tenant")].append(str(point.id))
        for ids in index._ids.values():
            ids.sort()
        return index

    async def page(self, *, tenant: str, after: str | None, limit: int) -> UserPage:
        ids = self._ids.get(tenant, [])
        begin = bisect_left(ids, after) if after else 0
        end = begin + limit
        return UserPage(
            users=tuple(ListedUser.model_validate(self._lines[i]) for i in ids[begin:end]),
            next=ids[end] if end < len(ids) else None,
        )

    async def count(self, *, tenant: str) -> int:
        return len(self._ids.get(tenant, ()))

    def add(self, profile: StoredProfile) -> None:
        """Add or replace a user after the profile was written."""
        point_id = str(profile_point_id(tenant=profile.tenant, user_id=profile.user_id))
        if point_id not in self._lines:
            insort(self._ids[profile.tenant], point_id)
        self._lines[point_id] = {
            "user_id": profile.user_id,
            "prediction_version": profile.prediction_version,
            "model_version": profile.model_version,
            "updated_at": profile.updated_at,
        }

    def remove(self, *, tenant: str, user_id: str) -> None:
        """Remove a user after the profile was removed."""
        point_id = str(profile_point_id(tenant=tenant, user_id=user_id))
        if self._lines.pop(point_id, None) is not None:
            ids = self._ids[tenant]
            del ids[bisect_left(ids, point_id)]


class IndexedProfiles:
    """A `ProfileStore` that updates a `UserIndex` at each write."""

    def __init__(self, profiles: ProfileStore, index: UserIndex) -> None:
        self._profiles = profiles
        self._index = index

    async def get(self, *, tenant: str, user_id: str) -> StoredProfile | None:
        return await self._profiles.get(tenant=tenant, user_id=user_id)

    async def vectors(self, *, tenant: str, user_id: str) -> TasteVectors | None:
        return await self._profiles.vectors(tenant=tenant, user_id=user_id)

    async def joint_vectors(self, *, tenant: str, user_id: str) -> dict[str, TasteVectors]:
        return await self._profiles.joint_vectors(tenant=tenant, user_id=user_id)

    async def put_joint(
        self, tastes: Sequence[EmbeddedTaste], *, tenant: str, user_id: str
    ) -> None:
        await self._profiles.put_joint(tastes, tenant=tenant, user_id=user_id)

    async def put(self, profile: StoredProfile, vectors: TasteVectors) -> None:
        await self._profiles.put(profile, vectors)
        self._index.add(profile)

    async def put_ignored(
        self,
        counts: Mapping[IgnoredReason, int],
        *,
        applied_event_ids: Sequence[str],
        tenant: str,
        user_id: str,
    ) -> None:
        await self._profiles.put_ignored(
            counts, applied_event_ids=applied_event_ids, tenant=tenant, user_id=user_id
        )

    async def correct(self, corrections: StoredCorrections) -> None:
        await self._profiles.correct(corrections)

    async def remove(self, *, tenant: str, user_id: str) -> int:
        removed = await self._profiles.remove(tenant=tenant, user_id=user_id)
        self._index.remove(tenant=tenant, user_id=user_id)
        return removed
