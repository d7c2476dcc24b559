"""Score images without the model: compare their stored descriptions with the user's taste."""

from collections.abc import Mapping

from services.assessor.steps.state import RankingState
from shared.domain.taste import Element
from shared.embedding.protocol import Embedder
from shared.embedding.taste_vectors import element_scores, taste_vectors
from shared.store.protocol import ImageStore, ProfileStore, StoredProfile, TasteVectors


class DescriptionScoring:
    """Scores elements by vectors of words; raises `Unavailable` when a store cannot answer."""

    def __init__(
        self, *, profiles: ProfileStore, image_store: ImageStore, embedder: Embedder
    ) -> None:
        self._profiles = profiles
        self._image_store = image_store
        self._embedder = embedder

    async def score(self, state: RankingState) -> list[list[Mapping[Element, float]]]:
        """Scores of each loaded image by each taste, 0-5 per element; empty where no description is
        stored. A user without joint tastes has one taste."""
        tastes = await self.tastes(state.profile) if state.profile else []
        described = await self._image_store.descriptions(
            content_hashes=[c.image.content_hash for c in state.loaded_candidates],
            model_version=state.serving.model.model_version,
        )
        descriptions = [described.get(c.image.content_hash) for c in state.loaded_candidates]
        return [
            [element_scores(stored.vector, taste) for taste in tastes] if stored else []
            for stored in descriptions
        ]

    async def tastes(self, profile: StoredProfile) -> list[TasteVectors]:
        """The vectors of the joint tastes in their order, or of the one taste."""
        if not profile.tastes:
            vectors = await self._taste_vectors(profile)
            return [vectors] if vectors else []
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
