"""A request without a list gets a feed of images that the catalog has for the user."""

from collections import Counter

from shared.events import RankedFeed
from tests.unit.services.assessor.assessor import image_ids
from tests.unit.services.assessor.retrieval.catalog import (
    feed_request,
    publish_colors,
    with_catalog,
)

MANY = ["red", "green", "blue", "yellow", "black"] * 8


def sources(feed: RankedFeed) -> Counter[str | None]:
    return Counter(item.source for item in feed.items)


async def test_liked_words_find_images_without_a_list() -> None:
    assessor = with_catalog()
    await publish_colors(assessor, MANY)
    await assessor.store_profile_of_ana()
    feed = await assessor.feed(feed_request(limit=10))
    assert len(feed.items) == 10
    assert image_ids(feed)[0].startswith("red")
    assert sources(feed)["taste"] >= 7
    assert feed.policy is not None
    assert feed.policy.retrieval is not None
    assert "retrieval" in feed.latency_ms
