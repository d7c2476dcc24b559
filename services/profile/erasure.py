"""Erase users: store the erasure, remove their data, publish a receipt and a tombstone."""

from shared.domain.clock import Clock
from shared.domain.erasures import Erasure
from shared.domain.user import User
from shared.events import UserErase
from shared.events.topics import PROFILES
from shared.events.types.base import record_key
from shared.messaging.contract import Delivery, Publisher
from shared.store.protocol import ErasureStore, ImpressionStore, ProfileStore
from shared.store.sessions.pages import FeedSessionStore


class UserEraser:
    """Erases users from the store and from the compacted topic of profiles.

    The erasure is stored first. Work in progress for the user checks for it after its own last
    write (`ErasureCheck`, `Handlers`) and then removes what it wrote.
    """

    def __init__(
        self,
        *,
        profiles: ProfileStore,
        impressions: ImpressionStore,
        erasures: ErasureStore,
        sessions: FeedSessionStore | None = None,
        publisher: Publisher,
        clock: Clock,
    ) -> None:
        self._profiles = profiles
        self._impressions = impressions
        self._erasures = erasures
        self._sessions = sessions
        self._publisher = publisher
        self._clock = clock

    async def erase(self, event: UserErase, delivery: Delivery) -> None:
        """Store the erasure, remove the data, count what is left and publish a receipt."""
        user = User(event.tenant, event.user_id)
        erasure = Erasure.from_event(
            event.occurred_at, written_ms=delivery.record.timestamp_ms, now=self._clock()
        )
        await self._erasures.add(erasure, tenant=user.tenant, user_id=user.user_id)
        stored = await self._profiles.get(tenant=user.tenant, user_id=user.user_id)
        removed = await self.remove(user)
        remaining = await self._erasures.remaining(
            tenant=user.tenant,
            user_id=user.user_id,
            event_ids=stored.known_event_ids if stored is not None else (),
        )
        await self._publisher.publish(
            event.receipt(
                "profile",
                at=self._clock(),
                removed=removed,
                remaining=remaining,
                not_searched=self._erasures.not_searched,
            )
        )

    async def remove(self, user: User) -> dict[str, int]:
        """Remove a user's profile, corrections, impressions and pages; returns their numbers.

        The assessor removes the pages of feeds too, and discards those that it stores later. They
        are removed here so that the search that follows finds none.
        """
        tenant, user_id = user
        stored = await self._profiles.get(tenant=tenant, user_id=user_id)
        profiles = await self._profiles.remove(tenant=tenant, user_id=user_id)
        impressions = await self._impressions.remove(tenant=tenant, user_id=user_id)
        pages = 0 if self._sessions is None else await self._sessions.remove(user)
        await self._publisher.tombstone(PROFILES, record_key(tenant=tenant, user_id=user_id))
        corrections = stored.corrections.entries if stored and stored.corrections else ()
        return {
            "profiles": profiles,
            "references": len(stored.references) if stored else 0,
            "corrections": len(corrections),
            "impressions": impressions,
            **({"feed_pages": pages} if pages else {}),
        }
