"""The audience of a new image is published once, and an outage does not stop the indexing."""

from datetime import UTC, datetime

import pytest

from services.catalog.audience.publication import AudiencePublication
from shared.domain.errors import Unavailable
from shared.domain.images.image_key import ImageKey
from shared.embedding.audience.scoring import UserScore
from shared.events import AudienceMatched
from shared.store.catalog.protocol import CatalogStore
from tests.fakes.publisher import RecordingPublisher
from tests.fakes.stores.catalog import InMemoryCatalog

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
KEY = ImageKey("shop", "sea/1")


class FixedMatcher:
    """Returns the same users for each image, or raises."""

    def __init__(self, users: list[UserScore] | None, error: Exception | None = None) -> None:
        self._users, self._error = users, error

    async def audience(self, catalog: CatalogStore, key: ImageKey) -> list[UserScore] | None:
        if self._error:
            raise self._error
        return self._users


async def published(
    matcher: FixedMatcher, *, times: int = 1, content_hash: str = "h"
) -> list[AudienceMatched]:
    publisher = RecordingPublisher()
    publication = AudiencePublication(matcher, publisher, clock=lambda: NOW)
    for _ in range(times):
        await publication.indexed(InMemoryCatalog(), KEY, content_hash=content_hash)
    return [event for event in publisher.events if isinstance(event, AudienceMatched)]


async def test_the_audience_is_an_event_about_the_image() -> None:
    (event,) = await published(FixedMatcher([UserScore("ada", 17.5), UserScore("bob", 16.0)]))
    assert (event.tenant, event.image_id, event.occurred_at) == ("shop", "sea/1", NOW)
    assert [(user.user_id, user.score) for user in event.users] == [("ada", 17.5), ("bob", 16.0)]
    assert event.key == "shop\x1fsea/1"


async def test_an_image_that_nobody_likes_has_an_event_and_a_removed_one_has_none() -> None:
    (event,) = await published(FixedMatcher([]))
    assert event.users == ()
    assert await published(FixedMatcher(None)) == []


async def test_a_repetition_has_the_same_id_and_other_content_another() -> None:
    first, again = await published(FixedMatcher([]), times=2)
    (other,) = await published(FixedMatcher([]), content_hash="other")
    assert first.event_id == again.event_id != other.event_id


async def test_an_outage_loses_the_event_with_a_line_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert await published(FixedMatcher([], Unavailable("qdrant", "gone"))) == []
    assert "sea/1" in caplog.text
