"""Score images without the model: compare their stored descriptions with the user's taste."""

import asyncio
from collections.abc import Mapping
from typing import Final

from services.assessor.steps.state import RankingState
from shared.domain.taste import Element, Taste
from shared.embedding.protocol import Embedder
from shared.embedding.taste_vectors import element_scores_of_images, taste_vectors
from shared.runtime.recent.bounded import RecentlyUsed
from shared.store.protocol import ImageStore, ProfileStore, StoredProfile, TasteVectors

MAX_TASTES: Final = 1_000
"""Tastes whose vectors are kept in memory, about 16 MB: the pages of a feed come soon after it."""
TASTE_SECONDS: Final = 600.0


class DescriptionScoring:
    """Scores elements by vectors of words; raises `Unavailable` when a store cannot answer."""

    def __init__(
        self, *, profiles: ProfileStore, image_store: ImageStore, embedder: Embedder
    ) -> None:
        self._profiles = profiles
        self._image_store = image_store
        self._embedder = embedder
        self._recent: RecentlyUsed[Taste, TasteVectors] = RecentlyUsed(
            max_entries=MAX_TASTES, max_seconds=TASTE_SECONDS
        )
        """The vectors of the latest tastes; they follow from the words and name no user."""

    async def score(self, state: RankingState) -> list[list[Mapping[Element, float]]]:
        """Scores of each loaded image by each taste, 0-5 per element; empty where no description is
        stored. A user without joint tastes has one taste."""
        tastes, described = await asyncio.gather(
            self.tastes(state.profile),
            self._image_store.descriptions(
                content_hashes=[c.image.content_hash for c in state.loaded_candidates],
                model_version=state.serving.model.model_version,
            ),
        )
        vectors = [stored.vector for stored in described.values()]
        by_taste = [
            dict(zip(described, element_scores_of_images(vectors, taste), strict=True))
            for taste in tastes
        ]
        hashes = [candidate.image.content_hash for candidate in state.loaded_candidates]
        return [
            [scores[name] for scores in by_taste] if name in described else [] for name in hashes
        ]

    async def tastes(self, profile: StoredProfile | None) -> list[TasteVectors]:
        """The vectors of the joint tastes in their order, or of the one taste."""
        if profile is None:
            return []
        if not profile.tastes:
            known = self._recent.get([profile.taste])
            vectors = known.get(profile.taste) or await self._taste_vectors(profile)
            if vectors is None:
                return []
            self._recent.put([(profile.taste, vectors)])
            return [vectors]
        stored: Mapping[str, TasteVectors] = {}
        if profile.corrections is None:
            stored = await self._profiles.joint_vectors(
                tenant=profile.tenant, user_id=profile.user_id
            )
        return [
            stored.get(joint.taste_id) or await taste_vectors(joint.taste, self._embedder)
            for joint in profile.tastes
        ]

    async def _taste_vectors(self, profile: StoredProfile) -> TasteVectors | None:
        if profile.corrections is None:
            return await self._profiles.vectors(tenant=profile.tenant, user_id=profile.user_id)
        # The stored vectors are of the prediction alone. A corrected taste has few words, which
        # are embedded quickly.
        return await taste_vectors(profile.taste, self._embedder)
