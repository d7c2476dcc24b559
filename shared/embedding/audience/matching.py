"""Match an image of the catalog with the users whose taste it meets."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from shared.domain.images.image_key import ImageKey
from shared.domain.joint_tastes import JointTaste
from shared.embedding.audience.scoring import (
    UserScore,
    best_by_words,
    description_of,
    own_weights,
    subject_score,
    total_score,
)
from shared.embedding.audience.settings import AudienceSettings
from shared.embedding.images.encoded_images import EncodedImages
from shared.embedding.images.tenant_images import TenantImages
from shared.embedding.protocol import Embedder, Vectors
from shared.embedding.taste_vectors import taste_vectors
from shared.store.catalog.images import IMAGE_VECTOR
from shared.store.catalog.protocol import CatalogStore
from shared.store.erasure_check import ErasureCheck
from shared.store.protocol import ImageStore, ProfileStore, Reference, StoredProfile, TasteVectors

REFINED: Final = 2
"""Users whose profiles are read, as a multiple of the largest audience: the subject and corrections
change the order by words."""
READ_AT_ONCE: Final = 16
DECIMALS: Final = 4


def equal_weights() -> ElementWeights:
    """The weights in a process without a model."""
    return EQUAL_WEIGHTS


class AudienceMatcher:
    """Finds users by the vectors of their words, and scores them as a feed without the model.

    Raises `Unavailable` as the stores do. A user who has words on no side, or only corrections and
    no prediction, is in no audience.
    """

    def __init__(
        self,
        settings: AudienceSettings,
        *,
        profiles: ProfileStore,
        embedder: Embedder,
        erasure_check: ErasureCheck,
        encoded_images: EncodedImages | None = None,
        image_store: ImageStore | None = None,
        element_weights: Callable[[], ElementWeights] = equal_weights,
    ) -> None:
        self._settings = settings
        self._profiles = profiles
        self._embedder = embedder
        self._erasure_check = erasure_check
        self._encoded_images = encoded_images
        self._tenant_images = (
            TenantImages(encoded_images, image_store) if encoded_images and image_store else None
        )
        self._element_weights = element_weights

    async def audience(self, catalog: CatalogStore, key: ImageKey) -> list[UserScore] | None:
        """The users whose taste the image meets, the highest score first.

        None for an image that is not in the catalog; empty for one without words.
        """
        stored = await catalog.vectors([key])
        if key not in stored:
            return None
        return await self.match(stored[key], tenant=key.tenant)

    async def match(self, vectors: dict[str, Vectors], *, tenant: str) -> list[UserScore]:
        """The same for an image with these vectors by name."""
        description = description_of(vectors)
        if description is None:
            return []
        settings = self._settings
        limit = max(settings.audience_candidates, REFINED * settings.audience_max_users)
        tastes = await self._profiles.nearest(description, tenant=tenant, limit=limit)
        by_words = best_by_words(description, tastes, self._element_weights())
        chosen = by_words[: REFINED * settings.audience_max_users]
        gate = asyncio.Semaphore(READ_AT_ONCE)

        async def score(user_id: str) -> UserScore | None:
            async with gate:
                return await self._score(
                    user_id, description, vectors.get(IMAGE_VECTOR), tenant=tenant
                )

        scores = await asyncio.gather(*(score(user.user_id) for user in chosen))
        matched = [
            scored
            for scored in scores
            if scored is not None and scored.score >= settings.audience_min_score
        ]
        matched.sort(key=lambda scored: (-scored.score, scored.user_id))
        return matched[: settings.audience_max_users]

    async def _score(
        self, user_id: str, description: Vectors, image: Vectors | None, *, tenant: str
    ) -> UserScore | None:
        profile = await self._profiles.get(tenant=tenant, user_id=user_id)
        # Between the search and here the user may have been erased.
        if profile is None or await self._erasure_check.are_all_erased(
            [profile.changed_at], tenant=tenant, user_id=user_id
        ):
            return None
        tastes = await self._tastes(profile)
        if not tastes:
            return None
        weights = self._element_weights()
        subjects = [await self._subject(profile, joint, image) for joint in _joint_of(profile)]
        score = total_score(
            description, tastes, subjects, weights=weights, own=own_weights(profile, weights)
        )
        return UserScore(user_id, round(score, DECIMALS))

    async def _tastes(self, profile: StoredProfile) -> list[TasteVectors]:
        """The vectors of the joint tastes, or of the one taste; with the user's corrections."""
        of_user = {"tenant": profile.tenant, "user_id": profile.user_id}
        stored: Mapping[str, TasteVectors] = {}
        if profile.corrections is None:
            if not profile.tastes:
                vectors = await self._profiles.vectors(**of_user)
                return [vectors] if vectors else []
            stored = await self._profiles.joint_vectors(**of_user)
        # The stored vectors are of the prediction alone; a corrected taste is embedded again.
        return [
            stored.get(joint.taste_id if joint else "")
            or await taste_vectors(joint.taste if joint else profile.taste, self._embedder)
            for joint in _joint_of(profile)
        ]

    async def _subject(
        self, profile: StoredProfile, joint: JointTaste | None, image: Vectors | None
    ) -> float | None:
        """The score of what the image shows, by the references of one taste."""
        if self._encoded_images is None or image is None or not profile.has_weights:
            return None
        references = await self._encoded_images.references(
            [r for r in profile.references if _belongs_to(r, joint)]
        )
        if len(references.liked) + len(references.disliked) == 0:
            return None
        if references.liked.shape[1] != len(image):
            return None  # The catalog still serves vectors of an older encoder.
        if not references.are_enough and self._tenant_images is not None:
            own = {reference.content_hash for reference in profile.references}
            background = await self._tenant_images.vectors(profile.tenant, without=own)
            references = replace(references, background=background)
        return subject_score(image, references)


def _joint_of(profile: StoredProfile) -> Sequence[JointTaste | None]:
    """The joint tastes of a user with several; None stands for the one taste of the others."""
    return profile.tastes or (None,)


def _belongs_to(reference: Reference, joint: JointTaste | None) -> bool:
    """Whether a reference defines a taste: all disliked ones do, as in a feed."""
    return (
        joint is None or reference.side == "disliked" or reference.image_id in joint.reference_ids
    )
