"""Tell the world how a profile stands, one telling at a time for each person."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.profile.debounce import Gathering
from services.profile.feedback.references import of_side
from shared.domain.ids import profile_event_id
from shared.events import Evidence, ProfileUpdated
from shared.messaging.contract import Publisher
from shared.store.protocol import ProfileStore, StoredProfile


@dataclass(frozen=True)
class Person:
    """Whose taste it is."""

    tenant: str
    user_id: str


class Announcing:
    """Publishes profiles as they stand in the store.

    It reads before it publishes, and never twice at once for a person: a prediction and a
    correction that end in the same moment are told in the order in which they took effect.
    """

    def __init__(self, profiles: ProfileStore, publisher: Publisher) -> None:
        self._profiles = profiles
        self._publisher = publisher
        self._people: Gathering[Person, None] = Gathering(self._tell, wait_seconds=0)

    async def tell(self, person: Person) -> None:
        """Return when a profile that was read after this call is published."""
        await self._people.add(person, None)

    async def _tell(self, person: Person, _: Sequence[None]) -> None:
        stored = await self._profiles.get(tenant=person.tenant, user_id=person.user_id)
        if stored is not None:
            await self._publisher.publish(announcement(stored))


def announcement(profile: StoredProfile) -> ProfileUpdated:
    """The event that says how a profile stands."""
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
            liked=len(of_side(profile.references, "liked")),
            disliked=len(of_side(profile.references, "disliked")),
        ),
        reference_ids=tuple(reference.image_id for reference in profile.references),
        model_version=profile.model_version,
        corrections=profile.corrections.said if profile.corrections else (),
    )
