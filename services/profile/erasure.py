"""Forget people, and take in nothing more from before they asked to be forgotten."""

from services.profile.profile_publisher import Person
from shared.domain.clock import Clock
from shared.domain.erasures import Erasure
from shared.events import UserErase
from shared.events.topics import PROFILES
from shared.events.types.base import Event, record_key
from shared.messaging.contract import Delivery, Publisher
from shared.store.protocol import ErasureStore, ProfileStore, SeenStore


class Erasing:
    """Erases people from the store and the compacted topic, and keeps them erased.

    The erasure is remembered first: whatever is written of the person while they are removed finds
    it when it looks again, and undoes itself.
    """

    def __init__(
        self,
        *,
        profiles: ProfileStore,
        seen: SeenStore,
        erasures: ErasureStore,
        publisher: Publisher,
        clock: Clock,
    ) -> None:
        self._profiles = profiles
        self._seen = seen
        self._erasures = erasures
        self._publisher = publisher
        self._clock = clock

    async def erase(self, event: UserErase, delivery: Delivery) -> None:
        """Remember, remove, look whether anything is left, and give a receipt."""
        person = Person(event.tenant, event.user_id)
        erasure = Erasure.asked(event.occurred_at, written_ms=delivery.record.timestamp_ms)
        await self._erasures.remember(erasure, tenant=person.tenant, user_id=person.user_id)
        removed = await self._forget(person)
        remaining = await self._erasures.remaining(tenant=person.tenant, user_id=person.user_id)
        await self._publisher.publish(
            event.receipt(
                "profile",
                at=self._clock(),
                removed=removed,
                remaining=remaining,
            )
        )

    async def is_past(self, event: Event, delivery: Delivery) -> bool:
        """Whether the person has been erased since this happened."""
        erasure = await self._erasures.erased(tenant=event.tenant, user_id=event.user_id)
        return erasure is not None and erasure.covers_record(
            event.occurred_at, written_ms=delivery.record.timestamp_ms
        )

    async def undo_if_past(self, event: Event, delivery: Delivery) -> None:
        """After an event has had its effect: none of it, if the person was erased meanwhile."""
        if await self.is_past(event, delivery):
            await self._forget(Person(event.tenant, event.user_id))

    async def _forget(self, person: Person) -> dict[str, int]:
        """The stored profile, what they said and saw, and the profile in the compacted topic."""
        tenant, user_id = person.tenant, person.user_id
        stored = await self._profiles.get(tenant=tenant, user_id=user_id)
        profiles = await self._profiles.remove(tenant=tenant, user_id=user_id)
        views = await self._seen.remove(tenant=tenant, user_id=user_id)
        await self._publisher.tombstone(PROFILES, record_key(tenant=tenant, user_id=user_id))
        said = stored.corrections.said if stored and stored.corrections else ()
        return {
            "profiles": profiles,
            "references": len(stored.references) if stored else 0,
            "corrections": len(said),
            "views": views,
        }
