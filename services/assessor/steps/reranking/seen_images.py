"""Read which images a user has seen lately, by the user's impressions."""

import logging
from datetime import timedelta

from shared.domain.clock import Clock
from shared.domain.errors import Unavailable
from shared.domain.user import User
from shared.store.protocol import ImpressionStore

log = logging.getLogger(__name__)


class SeenImages:
    """The images that a user saw within a number of days; none while the rule is off (0 days)."""

    def __init__(self, impressions: ImpressionStore, *, days: int, clock: Clock) -> None:
        self._impressions = impressions
        self._days = days
        self._clock = clock

    async def ids(self, user: User) -> frozenset[str]:
        """Ids of the images; none when the store does not answer.

        A feed that repeats an image is better than none.
        """
        if not self._days:
            return frozenset()
        try:
            impressions = await self._impressions.get(tenant=user.tenant, user_id=user.user_id)
        except Unavailable as error:
            log.warning("seen images are shown again: %s", error)
            return frozenset()
        since = self._clock() - timedelta(days=self._days)
        return impressions.since(since) if impressions else frozenset()
