"""The playground over the catalog: pages of one feed, thumbnails, and actions on its images."""

import httpx

from services.ops.pages.playground.feed_cards import SOURCES
from shared.events import Feedback, ImageCandidates, RankedFeed, RankedItem
from tests.unit.services.ops.gateway.test_catalog_images import put
from tests.unit.services.ops.sample_events import feed_of
from tests.unit.services.ops.site import Site, site

BROWSER = {"Accept": "text/html"}


def catalog_feed(event: ImageCandidates) -> RankedFeed:
    """A page with one image, found by taste, and a further page."""
    item = RankedItem(
        image_id="sea/1", rank=1, score=None, elements=None, tier="fallback", source="taste"
    )
    feed = feed_of(event)
    is_first = event.from_catalog is not None and event.from_catalog.cursor is None
    return feed.model_copy(update={"items": (item,), "next_cursor": "c-1" if is_first else None})


async def post(fake_site: Site, path: str, body: object) -> httpx.Response:
    async with fake_site.client() as app:
        start = await app.get("/playground", headers=BROWSER)
        token = start.text.partition('name="csrf-token" content="')[2].partition('"')[0]
        return await app.post(path, json=body, headers={"X-CSRF-Token": token})


async def test_the_playground_offers_the_catalog_when_it_has_an_indexed_image() -> None:
    empty, filled, waiting = site(), site(), site()
    await put(filled, "sea/1")
    await put(waiting, "sea/1", is_indexed=False)
    for fake_site, is_offered in ((empty, False), (filled, True), (waiting, False)):
        async with fake_site.client(**BROWSER) as app:
            page = (await app.get("/playground?user=ada")).text
        assert ('id="source"' in page) is is_offered
    filled.catalog.unavailable = "gone"
    async with filled.client(**BROWSER) as app:
        assert (await app.get("/playground?user=ada")).status_code == 200


async def test_a_feed_of_the_catalog_has_further_pages_by_cursor() -> None:
    fake_site = site()
    fake_site.kafka.feed_for = catalog_feed
    first = await post(fake_site, "/playground/feed", {"user": "ada", "count": 12})
    assert 'data-cursor="c-1"' in first.text
    assert SOURCES["taste"] in first.text
    second = await post(fake_site, "/playground/feed", {"user": "ada", "cursor": "c-1"})
    assert "data-cursor" not in second.text
    before, after = fake_site.kafka.sent
    assert isinstance(before, ImageCandidates)
    assert isinstance(after, ImageCandidates)
    assert before.from_catalog is not None
    assert after.from_catalog is not None
    assert (before.top_k, before.from_catalog.limit, before.candidates) == (12, 100, ())
    assert after.from_catalog.cursor == "c-1"
    assert before.request_id != after.request_id


async def test_an_image_of_the_catalog_has_a_thumbnail_and_can_be_liked() -> None:
    fake_site = site()
    await put(fake_site, "sea/1")
    uri = "https://images.example/sea/1"
    fake_site.ops.stores.image_loader.drawn_as[uri] = "teal"  # type: ignore[attr-defined]  # a fake
    async with fake_site.client() as app:
        picture = await app.get("/thumbnail?image=sea%2F1&user=ada")
        other = await app.get("/thumbnail?image=sea%2F1&user=ada&tenant=shop")
    assert (picture.status_code, other.status_code) == (200, 404)
    action = {"user": "ada", "type": "like", "picture": {"image_id": "sea/1"}}
    assert (await post(fake_site, "/playground/act", action)).status_code == 204
    (liked,) = fake_site.kafka.sent
    assert isinstance(liked, Feedback)
    assert liked.uri == uri
