"""Keep profiles and images in memory, as Qdrant would: by tenant, by content, and by model."""

from collections.abc import Sequence

from shared.domain.erasures import Erasure
from shared.domain.errors import Unavailable
from shared.store.protocol import (
    Described,
    KnownImage,
    SeenImages,
    StoredCorrections,
    StoredProfile,
    TasteVectors,
    with_corrections,
)
from shared.store.user_list import ListedPerson, PeoplePage


class InMemoryProfiles:
    """A `ProfileStore`; away while `away` says why."""

    def __init__(self) -> None:
        self.away: str | None = None
        self.puts = 0
        self._kept: dict[tuple[str, str], tuple[StoredProfile, TasteVectors]] = {}
        self._said: dict[tuple[str, str], StoredCorrections] = {}

    async def get(self, *, tenant: str, user_id: str) -> StoredProfile | None:
        self._answer()
        kept = self._kept.get((tenant, user_id))
        return with_corrections(kept[0] if kept else None, self._said.get((tenant, user_id)))

    async def vectors(self, *, tenant: str, user_id: str) -> TasteVectors | None:
        self._answer()
        kept = self._kept.get((tenant, user_id))
        return kept[1] if kept else None

    async def put(self, profile: StoredProfile, vectors: TasteVectors) -> None:
        self._answer()
        self.puts += 1
        bare = profile.model_copy(update={"corrections": None})
        self._kept[profile.tenant, profile.user_id] = (bare, vectors)

    async def correct(self, corrections: StoredCorrections) -> None:
        self._answer()
        self._said[corrections.tenant, corrections.user_id] = corrections

    def predicted(self) -> list[StoredProfile]:
        """All profiles, as the list of people sees them."""
        self._answer()
        return [profile for profile, _ in self._kept.values()]

    async def remove(self, *, tenant: str, user_id: str) -> int:
        self._answer()
        said = self._said.pop((tenant, user_id), None)
        return 1 if self._kept.pop((tenant, user_id), None) or said else 0

    def _answer(self) -> None:
        if self.away:
            raise Unavailable("store", self.away)


class InMemoryPeople:
    """A `PeopleStore` on profiles in memory, in the order of their ids."""

    def __init__(self, profiles: InMemoryProfiles) -> None:
        self._profiles = profiles

    async def page(self, *, tenant: str, after: str | None, most: int) -> PeoplePage:
        found = [p for p in self._profiles.predicted() if p.tenant == tenant]
        found = sorted((p for p in found if p.user_id >= (after or "")), key=lambda p: p.user_id)
        return PeoplePage(
            people=tuple(
                ListedPerson(
                    user_id=p.user_id,
                    prediction_version=p.prediction_version,
                    model_version=p.model_version,
                    updated_at=p.updated_at,
                )
                for p in found[:most]
            ),
            next=found[most].user_id if len(found) > most else None,
        )

    async def count(self, *, tenant: str) -> int:
        return sum(p.tenant == tenant for p in self._profiles.predicted())


class InMemoryImages:
    """An `ImageStore`; away while `away` says why."""

    def __init__(self) -> None:
        self.away: str | None = None
        self._known: dict[tuple[str, str], KnownImage] = {}
        self._described: dict[tuple[str, str], Described] = {}

    async def remember(self, images: Sequence[KnownImage]) -> None:
        self._answer()
        self._known.update({(image.tenant, image.image_id): image for image in images})

    async def find(self, *, tenant: str, image_ids: Sequence[str]) -> dict[str, KnownImage]:
        self._answer()
        keys = [(tenant, image_id) for image_id in image_ids]
        return {key[1]: self._known[key] for key in keys if key in self._known}

    async def describe(self, described: Sequence[Described]) -> None:
        self._answer()
        for one in described:
            key = (one.description.content_hash, one.description.model_version)
            self._described[key] = one

    async def descriptions(
        self, *, content_hashes: Sequence[str], model_version: str
    ) -> dict[str, Described]:
        self._answer()
        keys = [(content_hash, model_version) for content_hash in content_hashes]
        return {key[0]: self._described[key] for key in keys if key in self._described}

    def _answer(self) -> None:
        if self.away:
            raise Unavailable("store", self.away)


class InMemorySeen:
    """What people have seen, in a dictionary."""

    def __init__(self) -> None:
        self.seen: dict[tuple[str, str], SeenImages] = {}

    async def get(self, *, tenant: str, user_id: str) -> SeenImages | None:
        return self.seen.get((tenant, user_id))

    async def put(self, seen: SeenImages) -> None:
        self.seen[(seen.tenant, seen.user_id)] = seen

    async def remove(self, *, tenant: str, user_id: str) -> int:
        removed = self.seen.pop((tenant, user_id), None)
        return len(removed.seen_at) if removed else 0


class InMemoryErasures:
    """Who was erased, in a dictionary; `left` is what a search would find."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], Erasure] = {}
        self.left: dict[str, int] = {"profiles": 0}

    async def erased(self, *, tenant: str, user_id: str) -> Erasure | None:
        return self.known.get((tenant, user_id))

    async def remember(self, erasure: Erasure, *, tenant: str, user_id: str) -> None:
        known = self.known.get((tenant, user_id))
        self.known[tenant, user_id] = erasure.with_earlier(known)

    async def remaining(self, *, tenant: str, user_id: str) -> dict[str, int]:
        return dict(self.left)
