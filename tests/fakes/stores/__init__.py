"""Fake stores that keep profiles, images, impressions and erasures in memory."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from shared.domain.erasures import Erasure
from shared.domain.errors import Unavailable
from shared.domain.images.image_key import ImageKey
from shared.domain.taste import Element
from shared.domain.user import User
from shared.embedding.protocol import Vectors
from shared.events.types.taste_change import IgnoredReason
from shared.store.protocol import (
    Described,
    EmbeddedTaste,
    Impressions,
    KnownImage,
    NearTaste,
    StoredCorrections,
    StoredProfile,
    TasteVectors,
    with_corrections,
)
from shared.store.user_list import ListedUser, UserPage


class InMemoryProfiles:
    """A `ProfileStore`; raises `Unavailable` while `unavailable` is set to a reason."""

    def __init__(self) -> None:
        self.unavailable: str | None = None
        self.puts = 0
        self._predicted: dict[tuple[str, str], tuple[StoredProfile, TasteVectors]] = {}
        self._corrections: dict[tuple[str, str], StoredCorrections] = {}
        self.joint: dict[tuple[str, str], Sequence[EmbeddedTaste]] = {}

    async def get(self, *, tenant: str, user_id: str) -> StoredProfile | None:
        self._answer()
        stored = self._predicted.get((tenant, user_id))
        corrections = self._corrections.get((tenant, user_id))
        return with_corrections(stored[0] if stored else None, corrections)

    async def vectors(self, *, tenant: str, user_id: str) -> TasteVectors | None:
        self._answer()
        stored = self._predicted.get((tenant, user_id))
        return stored[1] if stored else None

    async def joint_vectors(self, *, tenant: str, user_id: str) -> dict[str, TasteVectors]:
        self._answer()
        stored = self.joint.get((tenant, user_id), ())
        return {embedded.taste.taste_id: embedded.vectors for embedded in stored}

    async def nearest(self, description: Vectors, *, tenant: str, limit: int) -> list[NearTaste]:
        self._answer()
        whole = [
            NearTaste(user, None, vectors)
            for (of, user), (_, vectors) in self._predicted.items()
            if of == tenant
        ]
        joint = [
            NearTaste(user, embedded.taste.taste_id, embedded.vectors)
            for (of, user), tastes in self.joint.items()
            for embedded in tastes
            if of == tenant
        ]
        return [
            taste
            for tastes in (whole, joint)
            for taste in sorted(tastes, key=lambda taste: -_cosine(description, taste))[:limit]
        ]

    async def put_joint(
        self, tastes: Sequence[EmbeddedTaste], *, tenant: str, user_id: str
    ) -> None:
        self._answer()
        self.joint[tenant, user_id] = tastes

    async def put(self, profile: StoredProfile, vectors: TasteVectors) -> None:
        self._answer()
        self.puts += 1
        bare = profile.model_copy(update={"corrections": None})
        self._predicted[profile.tenant, profile.user_id] = (bare, vectors)

    async def put_ignored(
        self,
        counts: Mapping[IgnoredReason, int],
        *,
        applied_event_ids: Sequence[str],
        tenant: str,
        user_id: str,
    ) -> None:
        self._answer()
        if (tenant, user_id) in self._predicted:
            profile, vectors = self._predicted[tenant, user_id]
            changes = {
                "ignored_feedback": dict(counts),
                "applied_event_ids": tuple(applied_event_ids),
            }
            counted = profile.model_copy(update=changes)
            self._predicted[tenant, user_id] = (counted, vectors)

    async def correct(self, corrections: StoredCorrections) -> None:
        self._answer()
        self._corrections[corrections.tenant, corrections.user_id] = corrections

    def predicted(self) -> list[StoredProfile]:
        """All predicted profiles, for the list of users."""
        self._answer()
        return [profile for profile, _ in self._predicted.values()]

    async def remove(self, *, tenant: str, user_id: str) -> int:
        self._answer()
        self.joint.pop((tenant, user_id), None)
        corrections = self._corrections.pop((tenant, user_id), None)
        return 1 if self._predicted.pop((tenant, user_id), None) or corrections else 0

    def _answer(self) -> None:
        if self.unavailable:
            raise Unavailable("store", self.unavailable)


def _cosine(description: Vectors, taste: NearTaste) -> float:
    length = float(np.linalg.norm(description) * np.linalg.norm(taste.vectors.preference))
    return float(description @ taste.vectors.preference) / length if length else 0.0


class InMemoryUsers:
    """A `UserStore` on profiles in memory, in the order of the user ids."""

    def __init__(self, profiles: InMemoryProfiles) -> None:
        self._profiles = profiles

    async def page(self, *, tenant: str, after: str | None, limit: int) -> UserPage:
        profiles = sorted(
            (
                profile
                for profile in self._profiles.predicted()
                if profile.tenant == tenant and profile.user_id >= (after or "")
            ),
            key=lambda profile: profile.user_id,
        )
        return UserPage(
            users=tuple(
                ListedUser(
                    user_id=profile.user_id,
                    prediction_version=profile.prediction_version,
                    model_version=profile.model_version,
                    updated_at=profile.updated_at,
                )
                for profile in profiles[:limit]
            ),
            next=profiles[limit].user_id if len(profiles) > limit else None,
        )

    async def count(self, *, tenant: str) -> int:
        return sum(profile.tenant == tenant for profile in self._profiles.predicted())


class InMemoryImages:
    """An `ImageStore`; raises `Unavailable` while `unavailable` is set to a reason."""

    def __init__(self) -> None:
        self.unavailable: str | None = None
        self._known: dict[tuple[str, str], KnownImage] = {}
        self._described: dict[tuple[str, str], Described] = {}

    async def remember(self, images: Sequence[KnownImage]) -> None:
        self._answer()
        self._known.update({(image.tenant, image.image_id): image for image in images})

    async def find(self, *, tenant: str, image_ids: Sequence[str]) -> dict[str, KnownImage]:
        self._answer()
        keys = [(tenant, image_id) for image_id in image_ids]
        return {key[1]: self._known[key] for key in keys if key in self._known}

    async def forget(self, keys: Collection[ImageKey]) -> dict[ImageKey, str]:
        self._answer()
        known = {key: self._known.pop(key, None) for key in keys}
        return {key: image.content_hash for key, image in known.items() if image is not None}

    async def sample(self, *, tenant: str, limit: int) -> list[KnownImage]:
        self._answer()
        return [image for (of, _), image in self._known.items() if of == tenant][:limit]

    async def describe(self, described: Sequence[Described]) -> None:
        self._answer()
        for image in described:
            key = (image.description.content_hash, image.description.model_version)
            self._described[key] = image

    async def descriptions(
        self, *, content_hashes: Sequence[str], model_version: str
    ) -> dict[str, Described]:
        self._answer()
        keys = [(content_hash, model_version) for content_hash in content_hashes]
        return {key[0]: self._described[key] for key in keys if key in self._described}

    async def described_words(
        self, *, content_hashes: Sequence[str], model_version: str
    ) -> dict[str, Mapping[Element, tuple[str, ...]]]:
        described = await self.descriptions(
            content_hashes=content_hashes, model_version=model_version
        )
        return {name: image.description.words for name, image in described.items()}

    def _answer(self) -> None:
        if self.unavailable:
            raise Unavailable("store", self.unavailable)


class InMemoryImageVectors:
    """An `ImageVectorStore`; raises `Unavailable` while `unavailable` is set to a reason."""

    def __init__(self) -> None:
        self.unavailable: str | None = None
        self.by_hash: dict[str, Vectors] = {}

    async def put(self, vectors: Mapping[str, Vectors]) -> None:
        self._answer()
        self.by_hash |= vectors

    async def get(self, content_hashes: Sequence[str]) -> dict[str, Vectors]:
        self._answer()
        return {name: self.by_hash[name] for name in content_hashes if name in self.by_hash}

    def _answer(self) -> None:
        if self.unavailable:
            raise Unavailable("store", self.unavailable)


class InMemoryImpressions:
    """An `ImpressionStore`."""

    def __init__(self) -> None:
        self.by_user: dict[tuple[str, str], Impressions] = {}

    async def get(self, *, tenant: str, user_id: str) -> Impressions | None:
        return self.by_user.get((tenant, user_id))

    async def put(self, impressions: Impressions) -> None:
        self.by_user[(impressions.tenant, impressions.user_id)] = impressions

    async def remove(self, *, tenant: str, user_id: str) -> int:
        removed = self.by_user.pop((tenant, user_id), None)
        return len(removed.seen_at) if removed else 0


class InMemoryErasures:
    """An `ErasureStore`; `remaining_counts` is the result of its search."""

    def __init__(self) -> None:
        self.by_user: dict[tuple[str, str], Erasure] = {}
        self.remaining_counts: dict[str, int] = {"profiles": 0}
        self.not_searched: tuple[str, ...] = ()
        self.event_ids: set[str] = set()

    async def get(self, *, tenant: str, user_id: str) -> Erasure | None:
        return self.by_user.get((tenant, user_id))

    async def get_many(self, users: Collection[User]) -> dict[User, Erasure]:
        return {user: self.by_user[user] for user in users if user in self.by_user}

    async def add(self, erasure: Erasure, *, tenant: str, user_id: str) -> None:
        stored = self.by_user.get((tenant, user_id))
        self.by_user[tenant, user_id] = erasure.with_earlier(stored)

    async def remaining(
        self, *, tenant: str, user_id: str, event_ids: Collection[str] = ()
    ) -> dict[str, int]:
        self.event_ids = set(event_ids)
        return dict(self.remaining_counts)
