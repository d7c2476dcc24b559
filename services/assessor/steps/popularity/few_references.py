"""Add popularity to the scores of a user with few references, as a prior that soon fades."""

from dataclasses import replace

from services.assessor.popularity.counts import Popularity
from services.assessor.popularity.prior import PopularityPrior, popularity_weight
from services.assessor.steps.state import RankingState
from shared.domain.user import User
from shared.store.protocol import StoredProfile


class AddPopularity:
    """The step that lets popularity count for a user with few references; other feeds pass.

    It needs no store: the counts are in memory.
    """

    def __init__(self, popularity: Popularity, *, greatest: float) -> None:
        self._popularity = popularity
        self._greatest = greatest

    async def __call__(self, state: RankingState) -> RankingState:
        prior = self._prior(state)
        if prior is None:
            return state
        scored = tuple(
            replace(
                image,
                popularity=prior.by_image[image.image_id],
                total_with_popularity=prior.total(image.own_total, image.image_id),
            )
            if image.is_scored
            else image
            for image in state.scored
        )
        return replace(state, scored=scored, popularity_weight=prior.weight)

    def _prior(self, state: RankingState) -> PopularityPrior | None:
        """None where popularity does not count, or where nothing is known of the images."""
        profile = state.profile
        if state.status == "cold_start" or profile is None or has_stated_words(profile):
            return None
        if not profile.references:
            # The taste is not from references, so their number does not show how sure it is.
            return None
        weight = popularity_weight(len(profile.references), greatest=self._greatest)
        images = [image.image_id for image in state.scored if image.is_scored]
        if weight == 0 or not images:
            return None
        by_image = self._popularity.scores(
            User(state.request.tenant, state.request.user_id), image_ids=images
        )
        return PopularityPrior(weight, by_image) if by_image else None


def has_stated_words(profile: StoredProfile) -> bool:
    """Whether the user pinned or wrote words: such a taste needs no prior."""
    entries = profile.corrections.entries if profile.corrections else ()
    return any(correction.stated for correction in entries)
