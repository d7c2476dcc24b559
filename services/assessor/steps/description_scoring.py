"""Score images without the model: compare their stored descriptions with the user's taste."""

from collections.abc import Mapping

from services.assessor.steps.state import RankingState
from shared.domain.taste import Element
from shared.embedding.protocol import Embedder
from shared.embedding.taste_vectors import element_scores, taste_vectors
from shared.store.protocol import ImageStore, ProfileStore, StoredProfile, TasteVectors


class DescriptionScoring:
    """Element scores from vectors of words; raises `Unavailable` as the stores do."""

    def __init__(
        self, *, profiles: ProfileStore, descriptions: ImageStore, embedder: Embedder
    ) -> None:
        self._profiles = profiles
        self._descriptions = descriptions
        self._embedder = embedder

    async def score(self, state: RankingState) -> list[Mapping[Element, float] | None]:
        """Scores of each loaded image, 0-5 per element; None where no description is stored."""
        taste = await self._taste_vectors(state.profile) if state.profile else None
        described = await self._descriptions.descriptions(
            content_hashes=[one.image.content_hash for one in state.loaded],
            model_version=state.serving.model.model_version,
        )
        descriptions = [described.get(one.image.content_hash) for one in state.loaded]
        return [
            None if one is None or taste is None else element_scores(one.vector, taste)
            for one in descriptions
        ]

    async def _taste_vectors(self, profile: StoredProfile) -> TasteVectors | None:
        if profile.corrections is None:
            return await self._profiles.vectors(tenant=profile.tenant, user_id=profile.user_id)
        # The stored vectors are of the prediction alone. A corrected taste has few words, which
        # are embedded quickly.
        return await taste_vectors(profile.taste, self._embedder)
