"""A removed image is in no feed: neither listed, nor from the catalog, nor in a request in work."""

from typing import Any

import pytest

from shared.domain.errors import Unavailable
from shared.domain.images.image_key import ImageKey
from shared.domain.images.record_position import RecordPosition
from shared.domain.user import User
from shared.events import Candidate, RankedFeed
from shared.store.removal.protocol import RemovedImage
from tests.unit.services.assessor.assessor import Assessor, image_ids
from tests.unit.services.assessor.cold_start.feedback import act
from tests.unit.services.assessor.paging.pages import page_request
from tests.unit.services.assessor.retrieval.catalog import publish_colors, with_catalog
from tests.unit.services.assessor.users import request

RED = ImageKey("default", "red")


def at(offset: int) -> RecordPosition:
    return RecordPosition(0, offset, offset)


def reasons(feed: RankedFeed) -> dict[str, str]:
    return {item.image_id: item.reason.partition(":")[0] for item in feed.rejected}


async def test_a_listed_image_that_the_app_removed_is_rejected_until_it_is_published_again(
    assessor: Assessor,
) -> None:
    assessor.removal_check.note_removed(RED, at(5))
    feed = await assessor.feed(request("red", "green"))
    assert image_ids(feed) == ["green"]
    assert reasons(feed) == {"red": "removed_from_catalog"}
    assert "publish it again" in feed.rejected[0].reason
    assert not await assessor.image_store.find(tenant="default", image_ids=["red"])
    # The removal is about this tenant's image, and ends with a later publication.
    elsewhere = await assessor.feed(request("red", tenant="elsewhere", request_id="r-2"))
    assert image_ids(elsewhere) == ["red"]
    assessor.removal_check.note_published(RED, at(6))
    again = await assessor.feed(request("red", request_id="r-3"))
    assert (image_ids(again), again.rejected) == (["red"], ())


async def test_a_removal_survives_a_restart_without_its_record(assessor: Assessor) -> None:
    await assessor.removed_images.add({RED: RemovedImage(at(5))})
    await assessor.removal_check.load()
    assert reasons(await assessor.feed(request("red"))) == {"red": "removed_from_catalog"}


async def test_without_news_from_kafka_the_store_decides_or_the_request_waits(
    assessor: Assessor,
) -> None:
    assessor.removal_check.is_following = False
    await assessor.removed_images.add({RED: RemovedImage(at(5))})
    feed = await assessor.feed(request("red", "green"))
    assert reasons(feed) == {"red": "removed_from_catalog"}
    assessor.removed_images.unavailable = "down"
    with pytest.raises(Unavailable):
        await assessor.rank(request("red", request_id="r-2"))


async def test_a_listed_image_is_rejected_once_and_an_excluded_one_not_at_all(
    assessor: Assessor,
) -> None:
    assessor.removal_check.note_removed(RED, at(5))
    twice = (Candidate(image_id="red", uri="drawing:red"), Candidate(image_id="red", uri="x:y"))
    feed = await assessor.feed(request(candidates=twice))
    assert [item.image_id for item in feed.rejected] == ["red"]
    silent = await assessor.feed(request("red", "green", exclude_ids=["red"], request_id="r-2"))
    assert (image_ids(silent), silent.rejected) == (["green"], ())


async def test_an_image_that_is_removed_during_the_request_is_dropped_before_publishing(
    assessor: Assessor,
) -> None:
    await assessor.store_profile_of_ana()
    explain = assessor.model.explain

    async def remove_during_explanation(*arguments: Any) -> Any:
        assessor.removal_check.note_removed(RED, at(5))
        return await explain(*arguments)

    assessor.model.explain = remove_during_explanation  # type: ignore[method-assign,assignment]
    feed = await assessor.feed(request("red", "green", "blue"))
    assert image_ids(feed) == ["green", "blue"]
    assert [item.rank for item in feed.items] == [1, 2]
    assert reasons(feed) == {"red": "removed_from_catalog"}
    # The request had stored the address: an id alone names the image no more.
    assert not await assessor.image_store.find(tenant="default", image_ids=["red"])


async def test_an_image_of_the_catalog_that_is_removed_during_the_request_may_come_back() -> None:
    assessor = with_catalog()
    await publish_colors(assessor, ["red", "green", "blue"])
    await assessor.store_profile_of_ana()
    load_many = assessor.image_loader.load_many

    async def remove_while_loading(uris: list[str], **limits: Any) -> object:
        assessor.removal_check.note_removed(ImageKey("default", "red-0"), at(5))
        return await load_many(uris, **limits)

    assessor.image_loader.load_many = remove_while_loading  # type: ignore[assignment]
    first = await assessor.feed(page_request(limit=3))
    assert set(image_ids(first)) == {"green-1", "blue-2"}
    await assessor.background_description.stop()


async def test_opinions_on_a_removed_image_are_dropped(assessor: Assessor) -> None:
    popularity = assessor.popularity
    for user in ("bo", "cy"):
        for image in ("red", "green"):
            popularity.add(act(user, "like", image))
    popularity.add(act("di", "like", "red"))
    popularity.forget_image(RED)
    popularity.forget_image(ImageKey("default", "unknown"))
    popularity.forget_image(ImageKey("elsewhere", "green"))
    ana = User("default", "ana")
    assert popularity.viewers("default", image_ids=["red", "green"]) == {"green": 2}
    assert popularity.most_popular(ana, limit=5) in (["green"], [])
    assert popularity.count(User("default", "di")) == 0
    assert len(popularity) == 2
    popularity.forget_image(ImageKey("default", "green"))
    assert popularity.rates(ana, image_ids=["green"]) == {}
    assert len(popularity) == 0
