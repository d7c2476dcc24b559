"""Read the profile of the user from the store."""

from dataclasses import replace

from services.assessor.steps.state import UNKNOWN_TASTE, RankingState
from shared.store.protocol import ProfileStore


class ReadProfile:
    """The step that adds the user's profile and tastes; raises `Unavailable` as the store does."""

    def __init__(self, profiles: ProfileStore) -> None:
        self._profiles = profiles

    async def __call__(self, state: RankingState) -> RankingState:
        request = state.request
        profile = await self._profiles.get(tenant=request.tenant, user_id=request.user_id)
        return replace(
            state,
            profile=profile,
            taste=UNKNOWN_TASTE if profile is None else profile.taste,
            joint_tastes=() if profile is None else profile.tastes,
        )
