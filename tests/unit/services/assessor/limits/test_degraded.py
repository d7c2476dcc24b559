"""Without the model or without time, a degraded feed is published and names its reason."""

import pytest

from shared.domain.element_weights import ElementWeights
from shared.domain.taste import ELEMENTS
from tests.unit.services.assessor.assessor import Assessor, image_ids, tiers
from tests.unit.services.assessor.users import WRITTEN_MS, pinned, request, store_descriptions


async def test_without_the_model_images_are_ranked_by_stored_descriptions_and_the_rest_follows(
    assessor: Assessor,
) -> None:
    await assessor.store_profile_of_ana()
    await store_descriptions(assessor.image_store, ["blue", "red", "green"], assessor.embedder)
    assessor.model.unavailable["score"] = "out of memory"
    feed = await assessor.feed(request("white", "blue", "green", "black", "red"))
    assert feed.status == "degraded"
    assert feed.degraded_reason == (
        "the model is unavailable: out of memory;"
        " 3 images were ranked by their stored descriptions, 2 follow in the order of the request"
    )
    assert image_ids(feed) == ["red", "green", "blue", "white", "black"]
    assert tiers(feed) == {
        "red": "embedding",
        "green": "embedding",
        "blue": "embedding",
        "white": "fallback",
        "black": "fallback",
    }


async def test_scores_by_description_have_elements_and_no_rationales(
    assessor: Assessor,
) -> None:
    await assessor.store_profile_of_ana()
    await store_descriptions(assessor.image_store, ["red", "blue"], assessor.embedder)
    assessor.model.unavailable["score"] = "out of memory"
    feed = await assessor.feed(request("red", "blue", explain="all"))
    red, blue = feed.items
    assert red.elements is not None
    assert blue.elements is not None
    assert (red.elements.color.score, blue.elements.color.score) == (5.0, 0.0)
    # The taste has no word for the other four elements.
    assert (red.score, blue.score) == (5.0 + 4 * 2.0, 4 * 2.0)
    assert not any(i.elements and i.elements[e].rationale for i in feed.items for e in ELEMENTS)
    assert assessor.model.calls["explain"] == 0


async def test_scores_by_description_use_the_element_weights_of_the_model(
    assessor: Assessor,
) -> None:
    await assessor.store_profile_of_ana()
    await store_descriptions(assessor.image_store, ["red", "blue"], assessor.embedder)
    assessor.model.element_weights = ElementWeights(
        art_style=0.5, color=3, medium=0.5, saturation=0.5, detail=0.5
    )
    assessor.model.unavailable["score"] = "out of memory"
    feed = await assessor.feed(request("red", "blue"))
    assert feed.element_weights == assessor.model.element_weights
    assert set(tiers(feed).values()) == {"embedding"}
    assert [item.score for item in feed.items] == [3 * 5.0 + 2 * 2.0, 2 * 2.0]


async def test_corrections_of_a_user_also_change_scores_by_description(
    assessor: Assessor,
) -> None:
    await assessor.store_profile_of_ana()
    await assessor.profiles.correct(pinned("blue"))
    await store_descriptions(assessor.image_store, ["red", "blue"], assessor.embedder)
    assessor.model.unavailable["score"] = "out of memory"
    red, blue = (await assessor.feed(request("red", "blue"))).items
    assert red.elements is not None
    assert blue.elements is not None
    # Both are liked now, and none is disliked.
    assert red.elements.color.score == blue.elements.color.score > 4


async def test_without_descriptions_all_images_keep_the_order_of_the_request(
    assessor: Assessor,
) -> None:
    await assessor.store_profile_of_ana()
    assessor.model.unavailable["score"] = "out of memory"
    feed = await assessor.feed(request("blue", "red", top_k=1))
    assert (feed.status, image_ids(feed), tiers(feed)) == (
        "degraded",
        ["blue"],
        {"blue": "fallback"},
    )


async def test_descriptions_by_another_model_version_are_not_used(assessor: Assessor) -> None:
    await assessor.store_profile_of_ana()
    await store_descriptions(assessor.image_store, ["red"], assessor.embedder)
    assessor.model.model_version = "colors-2"
    assessor.model.unavailable["score"] = "out of memory"
    feed = await assessor.feed(request("blue", "red"))
    assert (image_ids(feed), tiers(feed)["red"]) == (["blue", "red"], "fallback")


async def test_a_request_whose_deadline_passed_in_the_queue_makes_no_model_call(
    assessor: Assessor,
) -> None:
    await assessor.store_profile_of_ana()
    await store_descriptions(assessor.image_store, ["red"], assessor.embedder)
    late = request("blue", "red", deadline_ms=1_000)
    feed = await assessor.feed(late, written_ms=WRITTEN_MS - 950)
    assert feed.status == "degraded"
    assert feed.degraded_reason == (
        "the deadline was near; 1 images were ranked by their stored descriptions,"
        " 1 follow in the order of the request"
    )
    assert image_ids(feed) == ["red", "blue"]
    assert not assessor.model.calls


async def test_a_hanging_model_is_cancelled_at_the_deadline(assessor: Assessor) -> None:
    await assessor.store_profile_of_ana()
    assessor.model.hangs.add("score")
    feed = await assessor.feed(request("blue", "red", deadline_ms=200))
    assert (feed.status, image_ids(feed)) == ("degraded", ["blue", "red"])
    assert feed.latency_ms["total"] > 50


async def test_the_time_limit_for_loading_images_is_the_time_left_and_at_least_one_second(
    assessor: Assessor,
) -> None:
    await assessor.feed(request("blue", deadline_ms=30_000))
    assert assessor.image_loader.within_seconds == pytest.approx(29.9, abs=1)
    await assessor.feed(
        request("red", deadline_ms=1_000, request_id="late"), written_ms=WRITTEN_MS - 60_000
    )
    assert assessor.image_loader.within_seconds == 1.0


async def test_a_deadline_during_explanation_leaves_out_only_the_rationales(
    assessor: Assessor,
) -> None:
    await assessor.store_profile_of_ana()
    assessor.model.hangs.add("explain")
    feed = await assessor.feed(request("blue", "red", deadline_ms=1_000))
    assert feed.status == "degraded"
    assert feed.degraded_reason == (
        "the deadline was near; the scores are the model's, rationales are left out"
    )
    assert (image_ids(feed), set(tiers(feed).values())) == (["red", "blue"], {"vlm"})


async def test_scores_stay_when_the_model_becomes_unavailable_after_them(
    assessor: Assessor,
) -> None:
    await assessor.store_profile_of_ana()
    assessor.model.unavailable["explain"] = "out of memory"
    feed = await assessor.feed(request("blue", "red"))
    assert (feed.status, image_ids(feed)) == ("degraded", ["red", "blue"])
    assert feed.degraded_reason == (
        "the model became unavailable: out of memory;"
        " the scores are the model's, rationales are left out"
    )


async def test_a_request_without_a_deadline_gets_the_default_deadline() -> None:
    assessor = Assessor(default_deadline_ms=150, deadline_margin_ms=100)
    await assessor.store_profile_of_ana()
    assessor.model.hangs.add("score")
    feed = await assessor.feed(request("red"))
    await assessor.background_description.stop()
    assert feed.status == "degraded"


async def test_a_request_without_a_deadline_is_not_late_after_an_hour_in_the_queue(
    assessor: Assessor,
) -> None:
    await assessor.store_profile_of_ana()
    feed = await assessor.feed(request("red"), written_ms=WRITTEN_MS - 3_600_000)
    assert (feed.status, feed.latency_ms["queue"]) == ("ok", 3_600_000)


async def test_a_request_with_a_degraded_feed_counts_as_answered(assessor: Assessor) -> None:
    await assessor.store_profile_of_ana()
    assessor.model.unavailable["score"] = "out of memory"
    await assessor.feed(request("red"))
    assessor.model.unavailable.clear()
    await assessor.feed(request("red"))
    assert len(assessor.publisher.events) == 1


async def test_a_bug_in_the_model_is_not_hidden_in_a_degraded_feed(
    assessor: Assessor,
) -> None:
    await assessor.store_profile_of_ana()
    assessor.model.breaks.add("score")
    with pytest.raises(RuntimeError, match="a mistake in score"):
        await assessor.feed(request("red"))
    assert assessor.publisher.events == []
