"""Record which images a user has seen: for new images first, and for the base rates of words."""

from collections.abc import Sequence

from services.profile.config import ProfileSettings
from services.profile.debounce import Debounce
from shared.domain.user import User
from shared.events import Feedback
from shared.store.protocol import Impressions, ImpressionStore


def impression_recorder(
    store: ImpressionStore, settings: ProfileSettings
) -> "ImpressionRecorder | None":
    """The recorder; None while nothing uses impressions."""
    is_used = settings.seen_days > 0 or settings.record_impressions
    return ImpressionRecorder(store, settings) if is_used else None


class ImpressionRecorder:
    """Records an impression for every action on an image of a feed: a click implies a view."""

    def __init__(self, store: ImpressionStore, settings: ProfileSettings) -> None:
        self._store = store
        self._limit = settings.impressions_per_user
        self._debounce: Debounce[User, Feedback] = Debounce(
            self._store_impressions, wait_seconds=settings.profile_debounce_ms / 1000
        )

    async def record(self, event: Feedback) -> None:
        """Return when the impression is stored; stated references are left out.

        A stated reference may never have been in a feed.
        """
        if not event.type.startswith("reference_"):
            await self._debounce.add(User(event.tenant, event.user_id), event)

    async def _store_impressions(self, user: User, events: Sequence[Feedback]) -> None:
        stored = await self._store.get(tenant=user.tenant, user_id=user.user_id)
        known = stored or Impressions(tenant=user.tenant, user_id=user.user_id, seen_at={})
        in_order = sorted(events, key=lambda event: event.occurred_at)
        seen_at = {event.image_id: event.occurred_at for event in in_order}
        viewed = {event.image_id for event in events if event.type == "view"}
        await self._store.put(known.with_impressions(seen_at, limit=self._limit, viewed=viewed))
