"""Scores, ranking order, choice of images to explain and feed items of scored images."""

import itertools
import random
from collections.abc import Sequence

import pytest

from services.assessor.steps.explanation import images_to_explain
from services.assessor.steps.publishing import feed_items
from services.assessor.steps.reranking.order import by_total
from services.assessor.steps.scoring import scored_by_description, scored_by_model
from services.assessor.steps.state import LoadedCandidate, ScoredImage
from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from shared.domain.taste import ELEMENTS, Element
from shared.events import Candidate
from shared.vlm.protocol import Scores
from tests.fakes.images import plain_image
from tests.fakes.scores import COLOR_FIRST, certain_scores, color_scores


def loaded(image_id: str) -> LoadedCandidate:
    return LoadedCandidate(
        Candidate(image_id=image_id, uri="drawing:red"), plain_image("drawing:red")
    )


def scored(image_id: str, digit: int) -> ScoredImage:
    return scored_by_model(loaded(image_id), certain_scores(digit))


def described(image_id: str, points: float) -> ScoredImage:
    return scored_by_description(loaded(image_id), dict.fromkeys(ELEMENTS, points))


def unscored(image_id: str) -> ScoredImage:
    return ScoredImage(loaded(image_id), "fallback")


def uncertain(image_id: str, rng: random.Random) -> ScoredImage:
    def distribution() -> tuple[float, ...]:
        weights = [rng.random() for _ in range(6)]
        return tuple(weight / sum(weights) for weight in weights)

    return scored_by_model(loaded(image_id), Scores({e: distribution() for e in ELEMENTS}))


def ids(images: Sequence[ScoredImage]) -> list[str]:
    return [image.image_id for image in images]


def test_the_higher_total_ranks_first() -> None:
    assert ids(by_total([scored("a", 1), scored("b", 5), scored("c", 3)])) == ["b", "c", "a"]


def test_images_with_equal_totals_stay_in_the_order_of_the_request() -> None:
    equal = [scored(name, 3) for name in "dbca"]
    assert ids(by_total(equal)) == list("dbca")


def test_images_without_scores_rank_below_the_worst_scored_image() -> None:
    mixed = [unscored("x"), scored("worst", 0), unscored("y")]
    assert ids(by_total(mixed)) == ["worst", "x", "y"]


def test_different_totals_give_the_same_ranking_for_every_order_of_the_request() -> None:
    sent = [scored(name, digit) for name, digit in zip("abcd", (5, 3, 1, 0), strict=True)]
    orders = {tuple(ids(by_total(p))) for p in itertools.permutations(sent)}
    assert orders == {("a", "b", "c", "d")}


def test_scores_never_rise_with_the_rank_and_each_is_the_sum_of_its_elements() -> None:
    rng = random.Random(4)
    ranked = by_total([uncertain(str(n), rng) for n in range(300)])
    items = feed_items(ranked)
    assert [item.rank for item in items] == list(range(1, 301))
    for item in items:
        assert item.elements is not None
        assert item.score == round(sum(item.elements[e].score for e in ELEMENTS), 4)
    scores = [item.score or 0 for item in items]
    assert scores == sorted(scores, reverse=True)


def test_the_order_follows_the_rounded_scores_that_the_feed_shows() -> None:
    def nearly(image_id: str, *, third: float, color: float) -> ScoredImage:
        rest = {e: (1 - third, 0.0, 0.0, third, 0.0, 0.0) for e in ELEMENTS if e != Element.COLOR}
        return scored_by_model(
            loaded(image_id),
            Scores({**rest, Element.COLOR: (1 - color, 0.0, 0.0, color, 0.0, 0.0)}),
        )

    # The first has the higher exact total, the second the higher total at four decimals.
    first = nearly("first", third=0.5 + 0.4e-4 / 3, color=0.5 + 0.4e-4 / 3)
    second = nearly("second", third=0.5 + 0.1e-4 / 3, color=0.5 + 0.6e-4 / 3)
    items = feed_items(by_total([first, second]))
    assert [item.image_id for item in items] == ["second", "first"]
    assert items[0].score == pytest.approx(7.5001)


def test_certain_digits_give_the_ends_of_the_scale() -> None:
    best, worst = feed_items([scored("a", 5), scored("b", 0)])
    assert (best.score, worst.score) == (25.0, 0.0)
    assert best.tier == worst.tier == "vlm"


def test_a_rounding_error_in_a_distribution_does_not_push_a_score_beyond_five() -> None:
    above = (0.0, 0.0, 0.0, 0.0, 0.0, 1.0000004)
    image = scored_by_model(loaded("a"), Scores(dict.fromkeys(ELEMENTS, above)))
    assert feed_items([image])[0].score == 25.0


def test_an_image_without_scores_has_a_rank_and_no_numbers() -> None:
    item = feed_items([unscored("a")])[0]
    assert (item.rank, item.score, item.elements, item.tier) == (1, None, None, "fallback")


def test_an_image_scored_by_its_description_has_the_tier_embedding() -> None:
    item = feed_items([described("a", 3.5)])[0]
    assert (item.score, item.tier) == (17.5, "embedding")


def test_a_rationale_belongs_to_its_element_and_other_elements_have_none() -> None:
    image = scored("a", 5)
    explained = ScoredImage(
        image.loaded_candidate,
        image.tier,
        image.total,
        image.elements,
        rationales={Element.COLOR: "red is liked"},
    )
    item = feed_items([explained])[0]
    assert item.elements is not None
    rationales = {e: item.elements[e].rationale for e in ELEMENTS}
    assert rationales == {**dict.fromkeys(ELEMENTS), Element.COLOR: "red is liked"}


def test_the_explain_option_selects_no_image_the_best_images_or_all() -> None:
    ranked = [scored(name, 5 - n) for n, name in enumerate("abcd")]
    assert ids(images_to_explain(ranked, explain="none", top_k=2)) == []
    assert ids(images_to_explain(ranked, explain="top", top_k=2)) == ["a", "b"]
    assert ids(images_to_explain(ranked, explain="all", top_k=2)) == list("abcd")


def test_only_images_that_the_model_scored_are_explained() -> None:
    ranked = [described("a", 4.0), scored("b", 3), unscored("c")]
    assert ids(images_to_explain(ranked, explain="all", top_k=5)) == ["b"]


def test_the_element_weights_of_the_model_decide_the_order_and_the_score() -> None:
    def image(image_id: str, *, color: int, others: int, weights: ElementWeights) -> ScoredImage:
        scores = color_scores(color=color, others=others, weights=weights)
        return scored_by_model(loaded(image_id), scores)

    def ranked(weights: ElementWeights) -> list[ScoredImage]:
        return by_total([
            image("color", color=5, others=2, weights=weights),
            image("rest", color=2, others=4, weights=weights),
        ])  # fmt: skip

    assert ids(ranked(EQUAL_WEIGHTS)) == ["rest", "color"]
    assert ids(ranked(COLOR_FIRST)) == ["color", "rest"]
    assert [item.score for item in feed_items(ranked(COLOR_FIRST))] == [16.75, 15.5]
    by_description = scored_by_description(loaded("a"), dict.fromkeys(ELEMENTS, 1.0), COLOR_FIRST)
    assert by_description.total == 5.0
