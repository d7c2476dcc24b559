"""Publish a user's stored profile as `profile.updated.v1`."""

from collections.abc import Sequence

from services.profile.debounce import Debounce
from shared.domain.ids import profile_event_id
from shared.domain.user import User
from shared.events import Evidence, ProfileUpdated
from shared.messaging.contract import Publisher
from shared.store.protocol import ProfileStore, StoredProfile


class ProfilePublisher:
    """Reads the stored profile and publishes it, one publication at a time for each user.

    A prediction and a correction that end at the same moment are therefore published in the order
    in which they were stored.
    """

    def __init__(self, profiles: ProfileStore, publisher: Publisher) -> None:
        self._profiles = profiles
        self._publisher = publisher
        self._debounce: Debounce[User, None] = Debounce(self._publish_stored, wait_seconds=0)

    async def publish(self, user: User) -> None:
        """Return when a profile that was read after this call is published."""
        await self._debounce.add(user, None)

    async def _publish_stored(self, user: User, _: Sequence[None]) -> None:
        stored = await self._profiles.get(tenant=user.tenant, user_id=user.user_id)
        if stored is not None:
            await self._publisher.publish(profile_updated(stored))


def profile_updated(profile: StoredProfile) -> ProfileUpdated:
    """The event of a stored profile; the same version always has the same event id.

    Published again, a version may have higher counts of ignored feedback.
    """
    liked = sum(reference.side == "liked" for reference in profile.references)
    return ProfileUpdated(
        event_id=profile_event_id(
            tenant=profile.tenant, user_id=profile.user_id, profile_version=profile.profile_version
        ),
        occurred_at=profile.changed_at,
        user_id=profile.user_id,
        tenant=profile.tenant,
        profile_version=profile.profile_version,
        preference=profile.taste.preference,
        non_preference=profile.taste.non_preference,
        evidence=Evidence(
            liked=liked,
            disliked=len(profile.references) - liked,
            ignored=profile.ignored_feedback,
        ),
        reference_ids=tuple(reference.image_id for reference in profile.references),
        model_version=profile.model_version,
        corrections=profile.corrections.entries if profile.corrections else (),
        subject_weight=profile.subject_weight,
        ranking_weights=profile.ranking_weights,
        subjects=profile.subjects,
        tastes=profile.tastes,
        history=profile.history,
    )
