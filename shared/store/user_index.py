"""Keep the list of people at hand where the store would read every profile for a page of it."""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

from qdrant_client import AsyncQdrantClient

from shared.domain.ids import profile_point_id
from shared.store.profiles import QdrantProfiles
from shared.store.protocol import (
    ProfileStore,
    StoredCorrections,
    StoredProfile,
    TasteVectors,
)
from shared.store.qdrant import translated
from shared.store.user_list import LISTED, ListedPerson, PeoplePage, PeopleStore, QdrantPeople

ALL: Final = 1_000_000_000
"""More than an embedded store can hold."""


async def with_people(
    profiles: QdrantProfiles, client: AsyncQdrantClient, *, embedded: bool
) -> tuple[ProfileStore, PeopleStore]:
    """The store of profiles and the list of people, which belong together; both are prepared."""
    if not embedded:
        return profiles, QdrantPeople(client, collection=profiles.collection)
    people = await ListedPeople.of(client, profiles.collection)
    return ListingProfiles(profiles, people), people


class ListedPeople:
    """A `PeopleStore` in memory, in the order of the points' ids, as a server has them.

    The embedded Qdrant has no index: it holds every payload against the filter, for a second at
    100,000 people, while nothing else in the process goes on.
    """

    def __init__(self) -> None:
        self._ids: dict[str, list[str]] = defaultdict(list)
        """By tenant, in their order."""
        self._lines: dict[str, Mapping[str, Any]] = {}
        """By id, what is listed of a person."""

    @classmethod
    async def of(cls, client: AsyncQdrantClient, collection: str) -> "ListedPeople":
        """Those whose profiles lie there: read once, when the process starts."""
        with translated():
            points, _ = await client.scroll(
                collection, limit=ALL, with_payload=[*LISTED, "tenant"], with_vectors=False
            )
        found = cls()
        for point in points:
            line = dict(point.payload or {})
            found._lines[str(point.id)] = line
            found._ids[line.pop("tenant")].append(str(point.id))
        for ids in found._ids.values():
            ids.sort()
        return found

    async def page(self, *, tenant: str, after: str | None, most: int) -> PeoplePage:
        ids = self._ids.get(tenant, [])
        begin = bisect_left(ids, after) if after else 0
        shown = ids[begin : begin + most]
        return PeoplePage(
            people=tuple(ListedPerson.model_validate(self._lines[one]) for one in shown),
            next=ids[begin + most] if begin + most < len(ids) else None,
        )

    async def count(self, *, tenant: str) -> int:
        return len(self._ids.get(tenant, ()))

    def note(self, profile: StoredProfile) -> None:
        """A profile was written."""
        place = str(profile_point_id(tenant=profile.tenant, user_id=profile.user_id))
        if place not in self._lines:
            insort(self._ids[profile.tenant], place)
        self._lines[place] = {
            "user_id": profile.user_id,
            "prediction_version": profile.prediction_version,
            "model_version": profile.model_version,
            "updated_at": profile.updated_at,
        }

    def forget(self, *, tenant: str, user_id: str) -> None:
        """A profile was removed."""
        place = str(profile_point_id(tenant=tenant, user_id=user_id))
        if self._lines.pop(place, None) is not None:
            ids = self._ids[tenant]
            del ids[bisect_left(ids, place)]


class ListingProfiles:
    """A `ProfileStore` that keeps such a list true: all that is written goes through it."""

    def __init__(self, profiles: ProfileStore, people: ListedPeople) -> None:
        self._profiles = profiles
        self._people = people

    async def get(self, *, tenant: str, user_id: str) -> StoredProfile | None:
        return await self._profiles.get(tenant=tenant, user_id=user_id)

    async def vectors(self, *, tenant: str, user_id: str) -> TasteVectors | None:
        return await self._profiles.vectors(tenant=tenant, user_id=user_id)

    async def put(self, profile: StoredProfile, vectors: TasteVectors) -> None:
        await self._profiles.put(profile, vectors)
        self._people.note(profile)

    async def correct(self, corrections: StoredCorrections) -> None:
        await self._profiles.correct(corrections)

    async def remove(self, *, tenant: str, user_id: str) -> int:
        removed = await self._profiles.remove(tenant=tenant, user_id=user_id)
        self._people.forget(tenant=tenant, user_id=user_id)
        return removed
