"""Remember which images a person has seen, so that a feed can put new ones first."""

from collections.abc import Sequence

from services.profile.config import ProfileSettings
from services.profile.debounce import Gathering
from shared.events import Feedback
from shared.store.protocol import SeenImages, SeenStore

Person = tuple[str, str]
"""Tenant and user id."""


class Views:
    """Takes in every action on an image of a feed: whoever clicks has seen."""

    def __init__(self, store: SeenStore, settings: ProfileSettings) -> None:
        self._store = store
        self._on = settings.seen_days > 0
        self._most = settings.remembered_views
        self._people: Gathering[Person, Feedback] = Gathering(
            self._remember, wait_seconds=settings.gather_ms / 1000
        )

    async def take(self, event: Feedback) -> None:
        """Return when the view is stored. A stated reference need not have been in a feed."""
        if self._on and not event.type.startswith("reference_"):
            await self._people.add((event.tenant, event.user_id), event)

    async def _remember(self, person: Person, events: Sequence[Feedback]) -> None:
        tenant, user_id = person
        stored = await self._store.get(tenant=tenant, user_id=user_id)
        known = stored or SeenImages(tenant=tenant, user_id=user_id, seen_at={})
        in_order = sorted(events, key=lambda event: event.occurred_at)
        views = {event.image_id: event.occurred_at for event in in_order}
        await self._store.put(known.with_views(views, most=self._most))
