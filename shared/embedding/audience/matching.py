"""Match an image of the catalog with the users whose taste it meets."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from shared.domain.images.image_key import ImageKey
from shared.embedding.audience.scoring import (
    ImageScore,
    UserScore,
    best_by_words,
    description_of,
    image_score,
)
from shared.embedding.audience.settings import AudienceSettings
from shared.embedding.audience.user_examples import ExampleReader, UserExamples
from shared.embedding.images.encoded_images import EncodedImages
from shared.embedding.protocol import Embedder, Vectors
from shared.store.catalog.protocol import CatalogStore
from shared.store.erasure_check import ErasureCheck
from shared.store.protocol import ImageStore, ProfileStore, StoredProfile

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
        self._erasure_check = erasure_check
        self._examples = ExampleReader(
            profiles=profiles,
            embedder=embedder,
            encoded_images=encoded_images,
            image_store=image_store,
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

    async def match(self, vectors: Mapping[str, Vectors], *, tenant: str) -> list[UserScore]:
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
                return await self._score(user_id, vectors, tenant=tenant)

        scores = await asyncio.gather(*(score(user.user_id) for user in chosen))
        matched = [
            scored
            for scored in scores
            if scored is not None and scored.score >= settings.audience_min_score
        ]
        matched.sort(key=lambda scored: (-scored.score, scored.user_id))
        return matched[: settings.audience_max_users]

    async def _score(
        self, user_id: str, vectors: Mapping[str, Vectors], *, tenant: str
    ) -> UserScore | None:
        profile = await self._profiles.get(tenant=tenant, user_id=user_id)
        # Between the search and here the user may have been erased.
        if profile is None or await self._erasure_check.are_all_erased(
            [profile.changed_at], tenant=tenant, user_id=user_id
        ):
            return None
        score = self.score(vectors, await self.examples(profile))
        return UserScore(user_id, round(score.total, DECIMALS)) if score else None

    async def examples(self, profile: StoredProfile) -> UserExamples:
        """What images are compared with for this user."""
        return await self._examples.read(profile, self._element_weights())

    def score(self, vectors: Mapping[str, Vectors], examples: UserExamples) -> ImageScore | None:
        """The score of an image with these vectors by name; None where nothing is comparable."""
        return image_score(vectors, examples, self._element_weights())
