"""Every request gets one feed with its status, its ranking and its rejected images."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from shared.domain.element_weights import ElementWeights
from shared.domain.errors import Unavailable, Unprocessable
from shared.domain.ids import feed_id
from shared.domain.requests.request_key import RequestKey
from shared.domain.taste import ELEMENTS, Taste
from shared.events import Candidate, RankedFeed
from tests.unit.services.assessor.assessor import Assessor, image_ids, tiers
from tests.unit.services.assessor.users import NOW, WRITTEN_MS, pinned, request, store_profile


def explained(feed: RankedFeed) -> list[str]:
    return [i.image_id for i in feed.items if i.elements and i.elements.color.rationale]


async def test_liked_images_rank_above_disliked_ones(assessor: Assessor) -> None:
    await assessor.store_profile_of_ana()
    feed = await assessor.feed(request("blue", "green", "red"))
    assert (feed.status, feed.degraded_reason) == ("ok", None)
    assert image_ids(feed) == ["red", "green", "blue"]
    assert [item.score for item in feed.items] == [25.0, 10.0, 0.0]
    assert set(tiers(feed).values()) == {"vlm"}


async def test_the_feed_names_its_user_its_request_and_its_versions(assessor: Assessor) -> None:
    await assessor.store_profile_of_ana(version=4)
    feed = await assessor.feed(request("red"))
    assert (feed.user_id, feed.tenant, feed.request_id) == ("ana", "default", "r-1")
    assert (feed.profile_version, feed.model_version) == (4, "colors-1")
    assert feed.occurred_at == NOW


async def test_the_feed_names_the_element_weights_when_they_are_not_equal(
    assessor: Assessor,
) -> None:
    await assessor.store_profile_of_ana()
    assert "element_weights" not in (await assessor.feed(request("red"))).model_dump()
    weights = ElementWeights(art_style=0.5, color=3, medium=0.5, saturation=0.5, detail=0.5)
    assessor.model.element_weights = weights
    feed = await assessor.feed(request("red", "green", request_id="r-2"))
    assert feed.element_weights == weights
    for item in feed.items:
        assert item.elements is not None
        assert item.score == pytest.approx(
            weights.total({e: item.elements[e].score for e in ELEMENTS}), abs=1e-4
        )


async def test_the_feed_holds_the_top_k_images(assessor: Assessor) -> None:
    await assessor.store_profile_of_ana()
    feed = await assessor.feed(request("blue", "green", "red", top_k=2))
    assert image_ids(feed) == ["red", "green"]


async def test_excluded_images_are_neither_loaded_nor_ranked(assessor: Assessor) -> None:
    await assessor.store_profile_of_ana()
    feed = await assessor.feed(request("red", "blue", exclude_ids=("red",)))
    assert (image_ids(feed), feed.rejected, assessor.image_loader.loads) == (["blue"], (), 1)


async def test_a_request_with_only_excluded_images_gets_an_empty_feed(
    assessor: Assessor,
) -> None:
    await assessor.store_profile_of_ana()
    feed = await assessor.feed(request("red", exclude_ids=("red",)))
    assert (feed.status, feed.items, feed.rejected) == ("ok", (), ())


async def test_a_user_without_a_profile_gets_the_order_of_the_request(assessor: Assessor) -> None:
    feed = await assessor.feed(request("blue", "red", "green", top_k=2))
    assert (feed.status, feed.degraded_reason, feed.profile_version) == ("cold_start", None, None)
    assert image_ids(feed) == ["blue", "red"]
    assert all(item.score is None and item.elements is None for item in feed.items)
    assert set(tiers(feed).values()) == {"fallback"}
    assert not assessor.model.calls


async def test_a_profile_without_words_is_a_cold_start_too(assessor: Assessor) -> None:
    await store_profile(assessor.profiles, Taste(), assessor.embedder, version=2)
    feed = await assessor.feed(request("blue", "red"))
    assert (feed.status, feed.profile_version) == ("cold_start", 2)
    assert image_ids(feed) == ["blue", "red"]


async def test_another_tenants_profile_is_not_used(assessor: Assessor) -> None:
    await assessor.store_profile_of_ana()
    feed = await assessor.feed(request("blue", "red", tenant="elsewhere"))
    assert (feed.tenant, feed.status) == ("elsewhere", "cold_start")


async def test_one_bad_image_is_rejected_and_the_rest_ranked(assessor: Assessor) -> None:
    await assessor.store_profile_of_ana()
    assessor.image_loader.refused["drawing:green"] = Unprocessable("not_an_image", "it is text")
    feed = await assessor.feed(request("blue", "green", "red"))
    assert (feed.status, image_ids(feed)) == ("ok", ["red", "blue"])
    assert [(r.image_id, r.reason) for r in feed.rejected] == [
        ("green", "not_an_image: it is text")
    ]


async def test_a_request_with_only_bad_images_gets_an_empty_feed_with_the_reasons(
    assessor: Assessor,
) -> None:
    await assessor.store_profile_of_ana()
    assessor.image_loader.refused["drawing:red"] = Unavailable("https", "did not arrive within 4 s")
    assessor.image_loader.refused["drawing:blue"] = Unprocessable("not_an_image", "it is text")
    feed = await assessor.feed(request("red", "blue"))
    assert (feed.status, feed.items) == ("ok", ())
    assert [(r.image_id, r.reason) for r in feed.rejected] == [
        ("red", "not_available: did not arrive within 4 s"),
        ("blue", "not_an_image: it is text"),
    ]


async def test_an_unavailable_model_does_not_degrade_a_feed_without_images(
    assessor: Assessor,
) -> None:
    await assessor.store_profile_of_ana()
    assessor.model.unavailable["score"] = "out of memory"
    assessor.image_loader.refused["drawing:red"] = Unprocessable("not_an_image", "it is text")
    feed = await assessor.feed(request("red"))
    assert (feed.status, feed.degraded_reason, len(feed.rejected)) == ("ok", None, 1)


async def test_an_id_that_is_sent_twice_is_ranked_once(assessor: Assessor) -> None:
    await assessor.store_profile_of_ana()
    feed = await assessor.feed(request("red", "blue", "red"))
    assert image_ids(feed) == ["red", "blue"]
    assert [r.image_id for r in feed.rejected] == ["red"]


@pytest.mark.parametrize(
    ("explain", "explained_ids"),
    [("none", []), ("top", ["red", "green"]), ("all", ["red", "green", "blue"])],
)
async def test_the_request_decides_how_many_images_are_explained(
    assessor: Assessor, explain: str, explained_ids: list[str]
) -> None:
    await assessor.store_profile_of_ana()
    feed = await assessor.feed(request("blue", "green", "red", explain=explain))
    assert (feed.status, explained(feed)) == ("ok", explained_ids)


async def test_without_explain_the_model_generates_no_rationales(
    assessor: Assessor,
) -> None:
    await assessor.store_profile_of_ana()
    feed = await assessor.feed(request("red", explain="none"))
    assert assessor.model.calls["explain"] == 0
    assert "explain" not in feed.latency_ms


async def test_images_that_are_not_in_the_feed_are_not_explained(assessor: Assessor) -> None:
    await assessor.store_profile_of_ana()
    feed = await assessor.feed(request("blue", "green", "red", explain="all", top_k=1))
    assert (image_ids(feed), explained(feed)) == (["red"], ["red"])


async def test_a_rationale_belongs_to_its_image_and_its_score(assessor: Assessor) -> None:
    await assessor.store_profile_of_ana()
    feed = await assessor.feed(request("blue", "green", "red", explain="all"))
    for item in feed.items:
        assert item.elements is not None
        for element in ELEMENTS:
            assessment = item.elements[element]
            assert assessment.rationale == f"{item.image_id} gets {assessment.score:.0f}"


async def test_an_explained_feed_has_the_time_of_each_stage(assessor: Assessor) -> None:
    await assessor.store_profile_of_ana()
    feed = await assessor.feed(request("red"), written_ms=WRITTEN_MS - 250)
    assert set(feed.latency_ms) == {"queue", "images", "score", "explain", "total"}
    assert feed.latency_ms["queue"] == 250
    assert feed.latency_ms["total"] >= 250


async def test_the_address_of_a_ranked_image_is_stored_under_its_id(assessor: Assessor) -> None:
    await assessor.feed(request("red", "blue"))
    stored = await assessor.image_store.find(tenant="default", image_ids=["red", "blue", "green"])
    assert {i: image.uri for i, image in stored.items()} == {
        "red": "drawing:red",
        "blue": "drawing:blue",
    }


async def test_an_image_in_a_data_address_is_not_stored_under_its_id(assessor: Assessor) -> None:
    data = Candidate(image_id="d", uri="data:image/png;base64,AAAA")
    assessor.image_loader.drawn_as[data.uri] = "red"
    feed = await assessor.feed(request(candidates=(data,)))
    assert image_ids(feed) == ["d"]
    assert await assessor.image_store.find(tenant="default", image_ids=["d"]) == {}
    (in_catalog,) = await assessor.image_store.sample(tenant="default", limit=10)
    assert (in_catalog.uri, in_catalog.content_hash) == (
        "",
        in_catalog.image_id.rpartition("\x1f")[2],
    )


async def test_a_redelivered_request_gets_no_second_feed(assessor: Assessor) -> None:
    await assessor.store_profile_of_ana()
    for _ in range(3):
        await assessor.feed(request("red", "blue"))
    assert len(assessor.publisher.events) == 1
    assert assessor.registry.get_sample_value("preferstream_duplicate_requests_total") == 2


async def test_a_request_whose_feed_was_not_published_gets_it_when_redelivered(
    assessor: Assessor,
) -> None:
    await assessor.store_profile_of_ana()
    assessor.publisher.unavailable = "no leader"
    with pytest.raises(Unavailable):
        await assessor.feed(request("red"))
    assessor.publisher.unavailable = None
    await assessor.feed(request("red"))
    assert len(assessor.publisher.events) == 1


async def test_after_a_crash_the_feed_has_the_same_id(assessor: Assessor) -> None:
    await assessor.store_profile_of_ana()
    first = await assessor.feed(request("red", "blue"))
    assessor.service = assessor.new_service()
    again = await assessor.feed(request("red", "blue"))
    assert len(assessor.publisher.events) == 2
    assert again.event_id == first.event_id
    assert again.items == first.items


async def test_a_feeds_id_is_derived_from_request_model_and_profile(assessor: Assessor) -> None:
    await assessor.store_profile_of_ana(version=3)
    feed = await assessor.feed(request("red"))
    expected: dict[str, Any] = {
        "request": RequestKey("default", "ana", "r-1"),
        "request_hash": request("red").request_hash(),
        "model_version": "colors-1",
        "profile_version": 3,
    }
    assert feed.event_id == feed_id(**expected)
    others: list[dict[str, Any]] = [{"model_version": "m"}, {"profile_version": None}]
    others += [{"request_hash": request("blue").request_hash()}]
    others += [
        {"request": RequestKey(*key)}
        for key in (("t", "ana", "r-1"), ("default", "bo", "r-1"), ("default", "ana", "r-2"))
    ]
    assert len({feed.event_id, *(feed_id(**expected | other) for other in others)}) == 7


async def test_users_with_one_request_id_get_their_own_feeds(assessor: Assessor) -> None:
    for user, tenant in (("ana", "default"), ("bo", "default"), ("ana", "two")):
        feed = await assessor.feed(request("red", "blue", user_id=user, tenant=tenant))
        assert (feed.user_id, feed.tenant, feed.request_id) == (user, tenant, "r-1")
    feeds = assessor.publisher.events
    assert len({feed.event_id for feed in feeds}) == 3
    assert assessor.registry.get_sample_value("preferstream_duplicate_requests_total") == 0


async def test_other_content_under_a_used_id_gets_a_feed_and_is_counted(assessor: Assessor) -> None:
    first = await assessor.feed(request("red"))
    second = await assessor.feed(request("blue", event_id=UUID(int=8)))
    assert (image_ids(first), image_ids(second)) == (["red"], ["blue"])
    assert first.event_id != second.event_id
    assert first.request_hash != second.request_hash
    again = request("red", event_id=UUID(int=9))
    await assessor.rank(again)
    assert len(assessor.publisher.events) == 2
    assert assessor.registry.get_sample_value("preferstream_reused_request_ids_total") == 1
    assert assessor.registry.get_sample_value("preferstream_duplicate_requests_total") == 1


async def test_one_request_that_is_in_work_twice_gets_one_feed(assessor: Assessor) -> None:
    await asyncio.gather(*(assessor.rank(request("red")) for _ in range(5)))
    assert len(assessor.publisher.events) == 1
    assert assessor.registry.get_sample_value("preferstream_duplicate_requests_total") == 4


async def test_an_unavailable_store_is_raised_for_a_later_retry(assessor: Assessor) -> None:
    assessor.profiles.unavailable = "no answer"
    with pytest.raises(Unavailable):
        await assessor.feed(request("red"))
    assert assessor.publisher.events == []


async def test_feeds_and_images_are_counted(assessor: Assessor) -> None:
    await assessor.store_profile_of_ana()
    assessor.image_loader.refused["drawing:blue"] = Unprocessable("not_an_image", "it is text")
    await assessor.feed(request("red", "green", "blue"))
    value = assessor.registry.get_sample_value
    assert value("preferstream_feeds_total", {"status": "ok"}) == 1
    assert value("preferstream_images_ranked_total", {"tier": "vlm"}) == 2
    assert value("preferstream_images_rejected_total", {"reason": "not_an_image"}) == 1
    assert value("preferstream_feed_stage_seconds_count", {"stage": "total"}) == 1


async def test_a_pinned_word_changes_the_next_feed(assessor: Assessor) -> None:
    await assessor.store_profile_of_ana()
    before = await assessor.feed(request("blue", "red", request_id="r-before"))
    await assessor.profiles.correct(pinned("blue"))
    after = await assessor.feed(request("blue", "red", request_id="r-after"))
    assert (image_ids(before), image_ids(after)) == (["red", "blue"], ["blue", "red"])
    assert (before.profile_version, after.profile_version) == (3, 4)


async def test_a_profile_with_corrections_only_is_no_cold_start(assessor: Assessor) -> None:
    await assessor.profiles.correct(pinned("blue"))
    feed = await assessor.feed(request("red", "blue"))
    assert (feed.status, image_ids(feed)) == ("ok", ["blue", "red"])
