"""One model makes the whole feed of a request, and the feed names its version and variant."""

import asyncio
import logging
from collections.abc import Sequence

import pytest

from services.assessor.background.shadow_evaluation import compare, ranking_totals
from shared.domain.element_weights import EQUAL_WEIGHTS
from shared.domain.taste import ELEMENTS
from shared.domain.weights.ranking_weights import RankingWeights
from shared.events import RankedFeed
from shared.vlm.model_selection import PromotedModel
from shared.vlm.protocol import Rationales, ScoredInput
from tests.fakes.scores import COLOR_FIRST, certain_scores
from tests.unit.services.assessor.assessor import Assessor
from tests.unit.services.assessor.users import request

CHALLENGER = PromotedModel("colors-2", "/models/colors-2", "0" * 64)


@pytest.fixture
async def assessor() -> Assessor:
    assessor = Assessor()
    await assessor.store_profile_of_ana()
    return assessor


async def test_a_request_in_work_keeps_its_model_during_a_promotion(
    assessor: Assessor,
) -> None:
    explain = assessor.model.explain

    async def explain_during_promotion(scored: Sequence[ScoredInput]) -> list[Rationales]:
        await assessor.models.promote(CHALLENGER)
        return await explain(scored)

    assessor.model.explain = explain_during_promotion  # type: ignore[method-assign]
    feed = await assessor.feed(request("red", "blue"))
    assert feed.model_version == "colors-1"
    assert assessor.models.champion.model_version == "colors-2"
    assert not assessor.challenger.calls
    assert (await assessor.feed(request("red", request_id="r-2"))).model_version == "colors-2"


async def test_a_canary_feed_names_the_challenger(assessor: Assessor) -> None:
    assert (await assessor.feed(request("red"))).variant == "champion"
    await assessor.models.set_challenger(CHALLENGER, canary_share=1, shadow_share=0)
    feed = await assessor.feed(request("red", request_id="r-2"))
    assert (feed.variant, feed.model_version) == ("challenger", "colors-2")
    assert assessor.challenger.calls["score"] == 1


async def test_every_feed_names_the_element_weights_of_its_model_version(
    assessor: Assessor,
) -> None:
    assessor.challenger.element_weights = COLOR_FIRST
    await assessor.models.set_challenger(CHALLENGER, canary_share=0, shadow_share=1)
    shadow = await assessor.feed(request("red"))
    await _until_shadow_is_counted(assessor)
    await assessor.models.set_challenger(CHALLENGER, canary_share=1, shadow_share=0)
    canary = await assessor.feed(request("red", request_id="r-2"))
    await assessor.models.set_challenger(CHALLENGER, canary_share=0, shadow_share=0)
    after = await assessor.feed(request("red", request_id="r-3"))
    assert [feed.element_weights for feed in (shadow, canary, after)] == [
        None, COLOR_FIRST, None,
    ]  # fmt: skip
    for feed in (shadow, canary):
        (item,) = feed.items
        assert item.elements is not None
        points = {e: item.elements[e].score for e in ELEMENTS}
        assert item.score == pytest.approx(
            (feed.element_weights or EQUAL_WEIGHTS).total(points), abs=1e-4
        )


async def test_a_shadow_challenger_scores_after_the_feed_and_does_not_change_it(
    assessor: Assessor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await assessor.models.set_challenger(CHALLENGER, canary_share=0, shadow_share=1)
    feed = await assessor.feed(request("red", "blue"))
    assert (feed.variant, feed.model_version) == ("champion", "colors-1")
    assert not assessor.challenger.calls
    await _until_shadow_is_counted(assessor)
    assert assessor.publisher.events == [feed]
    assert assessor.registry.get_sample_value("preferstream_shadow_top1_agreement_total") == 1
    assert '"challenger": "colors-2"' in caplog.text


async def test_a_failing_shadow_challenger_is_counted_and_the_feed_is_published(
    assessor: Assessor,
) -> None:
    assessor.challenger.breaks.add("score")
    await assessor.models.set_challenger(CHALLENGER, canary_share=0, shadow_share=1)
    assert (await assessor.feed(request("red"))).status == "ok"
    await _until_shadow_is_counted(assessor)
    failed = assessor.registry.get_sample_value(
        "preferstream_shadow_slates_total", {"outcome": "failed"}
    )
    assert failed == 1


def test_agreement_is_the_share_of_equally_ordered_pairs(assessor_feed: RankedFeed) -> None:
    a, b, c = (item.image_id for item in assessor_feed.items)
    result = compare(assessor_feed, {a: 1.0, b: 2.0, c: 0.0}, challenger="colors-2")
    assert (result.images, result.top1_agreement) == (3, False)
    # The champion ranks a, b, c; the challenger swaps the first pair.
    assert result.pair_agreement == pytest.approx(2 / 3)


def test_the_subject_counts_in_the_order_of_both_models(assessor_feed: RankedFeed) -> None:
    weights = RankingWeights.of(EQUAL_WEIGHTS, subject=0.9)
    subjects = (1.0, 4.0, 2.0)
    items = tuple(
        item.model_copy(update={"subject": subject, "score_total": 20.0 - rank})
        for rank, (item, subject) in enumerate(zip(assessor_feed.items, subjects, strict=True))
    )
    feed = assessor_feed.model_copy(update={"items": items, "ranking_weights": weights})
    a, b, c = (item.image_id for item in items)
    totals = ranking_totals(feed, {name: certain_scores(3) for name in (a, b, c)})
    assert totals[b] == pytest.approx(0.1 * 15 + 0.9 * 20, abs=0.01)
    assert sorted(totals, key=lambda name: -totals[name]) == [b, c, a]
    # The feed is ranked a, b, c: only the last two are in the same order.
    assert compare(feed, totals, challenger="colors-2").pair_agreement == pytest.approx(1 / 3)
    without = ranking_totals(assessor_feed, {a: certain_scores(3)})
    assert without == {a: 15.0}


@pytest.fixture
async def assessor_feed(assessor: Assessor) -> RankedFeed:
    return await assessor.feed(request("red", "green", "blue"))


async def _until_shadow_is_counted(assessor: Assessor) -> None:
    """Wait until the shadow evaluation has counted a slate, whatever its outcome."""
    async with asyncio.timeout(10):
        while not _shadow_slates(assessor):  # noqa: ASYNC110 - the counter has no event
            await asyncio.sleep(0.005)


def _shadow_slates(assessor: Assessor) -> float:
    return sum(
        assessor.registry.get_sample_value("preferstream_shadow_slates_total", {"outcome": outcome})
        or 0.0
        for outcome in ("scored", "failed", "unavailable")
    )
