"""Publish `audience.matched.v1` when an image is indexed for the first time."""

import logging
from typing import Protocol

from shared.domain.clock import Clock
from shared.domain.errors import Unavailable
from shared.domain.ids import derived_id
from shared.domain.images.image_key import ImageKey
from shared.embedding.audience.scoring import UserScore
from shared.events import AudienceMatched, MatchedUser
from shared.messaging.contract import Publisher
from shared.store.catalog.protocol import CatalogStore

log = logging.getLogger(__name__)


class Matcher(Protocol):
    """Finds the audience of one image; `AudienceMatcher` does."""

    async def audience(self, catalog: CatalogStore, key: ImageKey) -> list[UserScore] | None: ...


class AudiencePublication:
    """The hook that indexing calls after an image has its first index, when the setting is on."""

    def __init__(self, matcher: Matcher, publisher: Publisher, *, clock: Clock) -> None:
        self._matcher = matcher
        self._publisher = publisher
        self._clock = clock

    async def indexed(self, catalog: CatalogStore, key: ImageKey, *, content_hash: str) -> None:
        """Publish the audience of an image; nothing for an image that was removed meanwhile.

        The id of the event follows from the image and its content, so a repetition after a restart
        has the same one. An outage of the store or of Kafka loses the event of this image, with a
        line in the log: an audience is no reason to index an image again.
        """
        try:
            users = await self._matcher.audience(catalog, key)
            if users is None:
                return
            await self._publisher.publish(
                event_of(key, users, content_hash=content_hash, clock=self._clock)
            )
        except Unavailable as error:
            log.warning("the audience of the image %s is not published: %s", key.image_id, error)


def event_of(
    key: ImageKey, users: list[UserScore], *, content_hash: str, clock: Clock
) -> AudienceMatched:
    """The event with the audience of one image."""
    return AudienceMatched(
        event_id=derived_id("audience", key.tenant, key.image_id, content_hash),
        occurred_at=clock(),
        tenant=key.tenant,
        image_id=key.image_id,
        users=tuple(MatchedUser(user_id=user.user_id, score=user.score) for user in users),
    )
