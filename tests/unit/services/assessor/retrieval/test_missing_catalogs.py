"""Without catalog, image, match or time, a feed says why it has no image of the catalog."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from shared.domain.errors import Unavailable
from shared.domain.images.catalog_filter import CatalogFilter
from shared.events import RankedFeed, UserErase
from shared.store.catalog.images import IndexFailure
from shared.store.catalog.queries import CatalogSelection
from tests.fakes.model import COLORS
from tests.unit.services.assessor.assessor import Assessor, image_ids
from tests.unit.services.assessor.retrieval.catalog import (
    feed_request,
    publish,
    publish_colors,
    with_catalog,
)
from tests.unit.services.assessor.users import NOW, WRITTEN_MS


@pytest.fixture
async def assessor() -> Assessor:
    assessor = with_catalog()
    await assessor.store_profile_of_ana()
    return assessor


async def reason(assessor: Assessor, **fields: object) -> str:
    """The reason of a feed that has no image."""
    feed = await assessor.feed(feed_request(**fields))
    assert (feed.status, feed.items, feed.rejected) == ("degraded", (), ())
    assert feed.degraded_reason is not None
    return feed.degraded_reason


async def test_a_process_without_an_image_encoder_has_no_catalog() -> None:
    assessor = Assessor()
    assert "PREFERSTREAM_SUBJECT_RANKING=true" in await reason(assessor)
    feed = await assessor.feed(feed_request("red", request_id="r-2"))
    assert (feed.status, image_ids(feed)) == ("degraded", ["red"])
    assert feed.items[0].source == "listed"


async def test_an_empty_catalog_says_so(assessor: Assessor) -> None:
    assert "no image of this tenant" in await reason(assessor)
    await publish(assessor, "other", "red", tenant="elsewhere")
    assert "no image of this tenant" in await reason(assessor, request_id="r-2")


async def test_a_catalog_that_is_not_indexed_yet_says_so(assessor: Assessor) -> None:
    await publish(assessor, "waits", "red", index=False)
    assert "indexed yet" in await reason(assessor)


async def test_a_filter_that_nothing_matches_is_named(assessor: Assessor) -> None:
    await publish_colors(assessor, COLORS)
    assert "filter" in await reason(assessor, filter=CatalogFilter(tags_any=("sale",)))


async def test_a_catalog_of_excluded_or_unavailable_images_says_so(assessor: Assessor) -> None:
    await publish(assessor, "red", "red")
    await publish(assessor, "later", "red", available_from=NOW + timedelta(days=1))
    assert "not available now" in await reason(assessor, exclude_ids=("red",))


async def test_an_unknown_image_to_resemble_is_named(assessor: Assessor) -> None:
    await publish_colors(assessor, COLORS)
    await publish(assessor, "theirs", "red", tenant="elsewhere")
    for image_id in ("nothing", "theirs"):
        text = await reason(assessor, similar_to=image_id, request_id=image_id)
        assert f"the catalog has no image '{image_id}'" in text


async def test_an_image_to_resemble_that_waits_or_failed_is_explained(assessor: Assessor) -> None:
    await publish_colors(assessor, COLORS)
    await publish(assessor, "waits", "red", index=False)
    assert "not indexed yet" in await reason(assessor, similar_to="waits")
    assert assessor.catalogs is not None
    catalog = assessor.catalogs.current
    stored = await catalog.newest(CatalogSelection("default"), limit=20)
    key = next(image.entry.key for image in stored if image.entry.image_id == "waits")
    failure = IndexFailure(
        uri="drawing:red", reason="image_too_large", detail="90 MB", failed_at=NOW
    )
    await catalog.fail({key: failure})
    text = await reason(assessor, similar_to="waits", request_id="r-2")
    assert "image_too_large: 90 MB" in text


async def test_listed_images_are_ranked_when_the_catalog_gives_none(assessor: Assessor) -> None:
    feed = await assessor.feed(feed_request("blue", "red"))
    assert (feed.status, image_ids(feed)) == ("degraded", ["red", "blue"])
    assert "no image of this tenant" in (feed.degraded_reason or "")


async def test_the_reasons_of_catalog_and_model_are_both_named(assessor: Assessor) -> None:
    assessor.model.unavailable["score"] = "out of memory"
    feed = await assessor.feed(feed_request("red"))
    assert feed.degraded_reason is not None
    assert "no image of this tenant" in feed.degraded_reason
    assert "out of memory" in feed.degraded_reason


async def test_a_request_waits_while_the_store_does_not_answer(assessor: Assessor) -> None:
    assert assessor.catalogs is not None
    assessor.catalogs.current.unavailable = "no connection"
    with pytest.raises(Unavailable, match="no connection"):
        await assessor.rank(feed_request())
    assert not assessor.publisher.events
    feed = await assessor.feed(feed_request("red", request_id="r-2"))
    assert (feed.status, image_ids(feed)) == ("degraded", ["red"])
    assert feed.degraded_reason == "the catalog is unavailable: no connection"


async def test_a_store_that_hangs_does_not_hold_a_request_beyond_its_deadline(
    assessor: Assessor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(*_: object, **__: object) -> None:
        await asyncio.sleep(3_600)

    assert assessor.catalogs is not None
    monkeypatch.setattr(assessor.catalogs.current, "ids", hang)
    monkeypatch.setattr("services.assessor.steps.retrieval.retrieve.LEAST_MS", 20.0)
    async with asyncio.timeout(5):
        feed = await assessor.feed(feed_request("red", deadline_ms=150))
    assert (feed.status, image_ids(feed)) == ("degraded", ["red"])
    assert "deadline" in (feed.degraded_reason or "")


async def test_an_erased_user_gets_no_feed_of_earlier_requests_and_starts_again(
    assessor: Assessor,
) -> None:
    await publish_colors(assessor, COLORS)
    erase = UserErase(event_id=UUID(int=9), occurred_at=NOW, user_id="ana")
    await assessor.eraser.erase(erase, written_ms=WRITTEN_MS)
    await assessor.profiles.remove(tenant="default", user_id="ana")
    await assessor.rank(feed_request(), written_ms=WRITTEN_MS - 1_000)
    assert not [event for event in assessor.publisher.events if isinstance(event, RankedFeed)]
    later = WRITTEN_MS + 60_000
    at = NOW + timedelta(seconds=60)
    feed = await assessor.feed(feed_request(request_id="r-2", occurred_at=at), written_ms=later)
    assert (feed.status, len(feed.items)) == ("cold_start", len(COLORS))
