"""Without the model, or without time, a feed still comes, and says what was done instead."""

import pytest

from shared.domain.element_weights import ElementWeights
from shared.domain.taste import ELEMENTS
from tests.unit.services.assessor.assessor import Assessor, order, tiers
from tests.unit.services.assessor.users import WRITTEN_MS, keep_described, pinned, request


async def test_without_the_model_stored_descriptions_rank_and_the_rest_follows_as_sent(
    assessor: Assessor,
) -> None:
    await assessor.knows_ana()
    await keep_described(assessor.known_images, ["blue", "red", "green"], assessor.embedder)
    assessor.model.away["score"] = "out of memory"
    feed = await assessor.feed(request("white", "blue", "green", "black", "red"))
    assert feed.status == "degraded"
    assert feed.degraded_reason == (
        "the model is away: out of memory; 3 images were ranked by what was seen in them before,"
        " 2 follow in the order sent"
    )
    assert order(feed) == ["red", "green", "blue", "white", "black"]
    assert tiers(feed) == {
        "red": "embedding",
        "green": "embedding",
        "blue": "embedding",
        "white": "fallback",
        "black": "fallback",
    }


async def test_scores_by_description_have_their_elements_and_no_reasons(
    assessor: Assessor,
) -> None:
    await assessor.knows_ana()
    await keep_described(assessor.known_images, ["red", "blue"], assessor.embedder)
    assessor.model.away["score"] = "out of memory"
    feed = await assessor.feed(request("red", "blue", explain="all"))
    red, blue = feed.items
    assert red.elements is not None
    assert blue.elements is not None
    assert (red.elements.color.score, blue.elements.color.score) == (5.0, 0.0)
    # Of the other four elements nothing is known.
    assert (red.score, blue.score) == (5.0 + 4 * 2.0, 4 * 2.0)
    assert not any(i.elements and i.elements[e].rationale for i in feed.items for e in ELEMENTS)
    assert assessor.model.calls["explain"] == 0


async def test_scores_by_description_are_weighed_as_the_models_own(assessor: Assessor) -> None:
    await assessor.knows_ana()
    await keep_described(assessor.known_images, ["red", "blue"], assessor.embedder)
    assessor.model.element_weights = ElementWeights(
        art_style=0.5, color=3, medium=0.5, saturation=0.5, detail=0.5
    )
    assessor.model.away["score"] = "out of memory"
    feed = await assessor.feed(request("red", "blue"))
    assert feed.element_weights == assessor.model.element_weights
    assert set(tiers(feed).values()) == {"embedding"}
    assert [item.score for item in feed.items] == [3 * 5.0 + 2 * 2.0, 2 * 2.0]


async def test_what_a_person_said_of_their_taste_counts_without_the_model_too(
    assessor: Assessor,
) -> None:
    await assessor.knows_ana()
    await assessor.profiles.correct(pinned("blue"))
    await keep_described(assessor.known_images, ["red", "blue"], assessor.embedder)
    assessor.model.away["score"] = "out of memory"
    red, blue = (await assessor.feed(request("red", "blue"))).items
    assert red.elements is not None
    assert blue.elements is not None
    assert (red.elements.color.score, blue.elements.color.score) == (5.0, 5.0)


async def test_with_no_description_at_all_everything_follows_as_sent(assessor: Assessor) -> None:
    await assessor.knows_ana()
    assessor.model.away["score"] = "out of memory"
    feed = await assessor.feed(request("blue", "red", top_k=1))
    assert (feed.status, order(feed), tiers(feed)) == ("degraded", ["blue"], {"blue": "fallback"})


async def test_descriptions_by_another_model_do_not_count(assessor: Assessor) -> None:
    await assessor.knows_ana()
    await keep_described(assessor.known_images, ["red"], assessor.embedder)
    assessor.model.model_version = "colors-2"
    assessor.model.away["score"] = "out of memory"
    feed = await assessor.feed(request("blue", "red"))
    assert (order(feed), tiers(feed)["red"]) == (["blue", "red"], "fallback")


async def test_a_deadline_that_passed_in_the_queue_spares_the_model(assessor: Assessor) -> None:
    await assessor.knows_ana()
    await keep_described(assessor.known_images, ["red"], assessor.embedder)
    late = request("blue", "red", deadline_ms=1_000)
    feed = await assessor.feed(late, written_ms=WRITTEN_MS - 950)
    assert feed.status == "degraded"
    assert feed.degraded_reason == (
        "the deadline was near; 1 images were ranked by what was seen in them before,"
        " 1 follow in the order sent"
    )
    assert order(feed) == ["red", "blue"]
    assert not assessor.model.calls


async def test_a_model_that_hangs_is_given_up_at_the_deadline(assessor: Assessor) -> None:
    await assessor.knows_ana()
    assessor.model.hangs.add("score")
    feed = await assessor.feed(request("blue", "red", deadline_ms=200))
    assert (feed.status, order(feed)) == ("degraded", ["blue", "red"])
    assert feed.latency_ms["total"] > 50


async def test_images_may_take_what_time_is_left_and_a_late_request_a_little(
    assessor: Assessor,
) -> None:
    await assessor.feed(request("blue", deadline_ms=30_000))
    assert assessor.images.within_seconds == pytest.approx(29.9, abs=1)
    await assessor.feed(
        request("red", deadline_ms=1_000, request_id="late"), written_ms=WRITTEN_MS - 60_000
    )
    assert assessor.images.within_seconds == 1.0


async def test_with_time_for_scores_alone_the_reasons_are_left_out(assessor: Assessor) -> None:
    await assessor.knows_ana()
    assessor.model.hangs.add("explain")
    feed = await assessor.feed(request("blue", "red", deadline_ms=1_000))
    assert feed.status == "degraded"
    assert feed.degraded_reason == (
        "the deadline was near: scores are the model's, reasons are left out"
    )
    assert (order(feed), set(tiers(feed).values())) == (["red", "blue"], {"vlm"})


async def test_a_model_that_goes_away_after_the_scores_leaves_them_standing(
    assessor: Assessor,
) -> None:
    await assessor.knows_ana()
    assessor.model.away["explain"] = "out of memory"
    feed = await assessor.feed(request("blue", "red"))
    assert (feed.status, order(feed)) == ("degraded", ["red", "blue"])
    assert feed.degraded_reason == "the model went away (out of memory): reasons are left out"


async def test_a_request_without_a_deadline_gets_the_default_one() -> None:
    made = Assessor(default_deadline_ms=150, deadline_margin_ms=100)
    await made.knows_ana()
    made.model.hangs.add("score")
    feed = await made.feed(request("red"))
    await made.describing.stop()
    assert feed.status == "degraded"


async def test_a_request_without_a_deadline_is_not_late_after_an_hour_in_the_queue(
    assessor: Assessor,
) -> None:
    await assessor.knows_ana()
    feed = await assessor.feed(request("red"), written_ms=WRITTEN_MS - 3_600_000)
    assert (feed.status, feed.latency_ms["queue"]) == ("ok", 3_600_000)


async def test_a_degraded_feed_is_an_answer_too(assessor: Assessor) -> None:
    await assessor.knows_ana()
    assessor.model.away["score"] = "out of memory"
    await assessor.feed(request("red"))
    assessor.model.away.clear()
    await assessor.feed(request("red"))
    assert len(assessor.published.events) == 1


async def test_a_mistake_in_the_model_is_not_hidden_in_a_degraded_feed(
    assessor: Assessor,
) -> None:
    await assessor.knows_ana()
    assessor.model.breaks.add("score")
    with pytest.raises(RuntimeError, match="a mistake in score"):
        await assessor.feed(request("red"))
    assert assessor.published.events == []
