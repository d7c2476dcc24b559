"""The best image comes first, equal ones in the order sent, and an item's numbers add up."""

import itertools
import random

import pytest

from services.assessor.steps.feed_items import (
    Assessed,
    best_first,
    by_description,
    by_model,
    items,
    not_assessed,
    to_explain,
)
from services.assessor.steps.loading import Entry
from shared.domain.element_weights import EQUAL, ElementWeights
from shared.domain.taste import ELEMENTS, Element
from shared.events import Candidate
from shared.vlm.protocol import Scores
from tests.fakes.images import drawn
from tests.fakes.model import certain


def entry(image_id: str) -> Entry:
    return Entry(Candidate(image_id=image_id, uri="drawing:red"), drawn("drawing:red"))


def scored(image_id: str, digit: int) -> Assessed:
    return by_model(entry(image_id), Scores(dict.fromkeys(ELEMENTS, certain(digit))))


def uncertain(image_id: str, rng: random.Random) -> Assessed:
    def distribution() -> tuple[float, ...]:
        drawn_ones = [rng.random() for _ in range(6)]
        return tuple(one / sum(drawn_ones) for one in drawn_ones)

    return by_model(entry(image_id), Scores({e: distribution() for e in ELEMENTS}))


def ids(ranked: list[Assessed]) -> list[str]:
    return [one.entry.image_id for one in ranked]


def test_the_higher_total_comes_first() -> None:
    assert ids(best_first([scored("a", 1), scored("b", 5), scored("c", 3)])) == [
        "b",
        "c",
        "a",
    ]


def test_equal_ones_stay_in_the_order_sent() -> None:
    equal = [scored(name, 3) for name in "dbca"]
    assert ids(best_first(equal)) == list("dbca")


def test_images_not_assessed_follow_even_the_worst() -> None:
    mixed = [not_assessed(entry("x")), scored("worst", 0), not_assessed(entry("y"))]
    assert ids(best_first(mixed)) == ["worst", "x", "y"]


def test_whatever_the_order_sent_different_totals_give_one_order() -> None:
    sent = [scored(name, digit) for name, digit in zip("abcd", (5, 3, 1, 0), strict=True)]
    orders = {tuple(ids(best_first(p))) for p in itertools.permutations(sent)}
    assert orders == {("a", "b", "c", "d")}


def test_the_scores_of_a_feed_never_rise_and_each_is_the_sum_of_its_elements() -> None:
    rng = random.Random(4)
    ranked = best_first([uncertain(str(n), rng) for n in range(300)])
    feed = items(ranked)
    assert [item.rank for item in feed] == list(range(1, 301))
    for item in feed:
        assert item.elements is not None
        assert item.score == round(sum(item.elements[e].score for e in ELEMENTS), 4)
    shown = [item.score or 0 for item in feed]
    assert shown == sorted(shown, reverse=True)


def test_two_images_that_differ_by_less_than_is_shown_stay_in_the_order_sent() -> None:
    def nearly(image_id: str, *, third: float, color: float) -> Assessed:
        rest = {e: (1 - third, 0.0, 0.0, third, 0.0, 0.0) for e in ELEMENTS if e != Element.COLOR}
        return by_model(
            entry(image_id),
            Scores({**rest, Element.COLOR: (1 - color, 0.0, 0.0, color, 0.0, 0.0)}),
        )

    # The first is higher by its digits, the second by the four that a feed shows.
    first = nearly("first", third=0.5 + 0.4e-4 / 3, color=0.5 + 0.4e-4 / 3)
    second = nearly("second", third=0.5 + 0.1e-4 / 3, color=0.5 + 0.6e-4 / 3)
    ranked = items(best_first([first, second]))
    assert [item.image_id for item in ranked] == ["second", "first"]
    assert ranked[0].score == pytest.approx(7.5001)


def test_certain_scores_give_the_ends_of_the_scale() -> None:
    best, worst = items([scored("a", 5), scored("b", 0)])
    assert (best.score, worst.score) == (25.0, 0.0)
    assert best.tier == worst.tier == "vlm"


def test_rounding_in_a_distribution_does_not_push_a_score_beyond_five() -> None:
    above = (0.0, 0.0, 0.0, 0.0, 0.0, 1.0000004)
    item = items([by_model(entry("a"), Scores(dict.fromkeys(ELEMENTS, above)))])[0]
    assert item.score == 25.0


def test_an_image_not_assessed_has_a_place_and_no_numbers() -> None:
    item = items([not_assessed(entry("a"))])[0]
    assert (item.rank, item.score, item.elements, item.tier) == (1, None, None, "fallback")


def test_an_image_ranked_by_its_description_says_so() -> None:
    item = items([by_description(entry("a"), dict.fromkeys(ELEMENTS, 3.5))])[0]
    assert (item.score, item.tier) == (17.5, "embedding")


def test_a_reason_stands_beside_its_own_element_and_none_is_made_up() -> None:
    item = items([scored("a", 5).with_reasons({Element.COLOR: "red is liked"})])[0]
    assert item.elements is not None
    told = {e: item.elements[e].rationale for e in ELEMENTS}
    assert told == {**dict.fromkeys(ELEMENTS), Element.COLOR: "red is liked"}


def test_reasons_go_to_none_to_the_best_or_to_all() -> None:
    ranked = [scored(name, 5 - n) for n, name in enumerate("abcd")]
    assert list(to_explain(ranked, explain="none", explained_top=2)) == []
    assert ids(list(to_explain(ranked, explain="top", explained_top=2))) == ["a", "b"]
    assert ids(list(to_explain(ranked, explain="all", explained_top=2))) == list("abcd")


def test_only_what_the_model_scored_is_explained() -> None:
    ranked = [
        by_description(entry("a"), dict.fromkeys(ELEMENTS, 4.0)),
        scored("b", 3),
        not_assessed(entry("c")),
    ]
    assert ids(list(to_explain(ranked, explain="all", explained_top=5))) == ["b"]


def test_what_counts_more_to_the_version_decides_the_order_and_the_score() -> None:
    color_first = ElementWeights(art_style=0.5, color=3, medium=0.5, saturation=0.5, detail=0.5)

    def one(image_id: str, *, color: int, others: int, weights: ElementWeights) -> Assessed:
        digits = dict.fromkeys(ELEMENTS, certain(others)) | {Element.COLOR: certain(color)}
        return by_model(entry(image_id), Scores(digits, weights))

    def ranked(weights: ElementWeights) -> list[Assessed]:
        return best_first([
            one("color", color=5, others=2, weights=weights),
            one("rest", color=2, others=4, weights=weights),
        ])  # fmt: skip

    assert ids(ranked(EQUAL)) == ["rest", "color"]
    assert ids(ranked(color_first)) == ["color", "rest"]
    assert [item.score for item in items(ranked(color_first))] == [19.0, 14.0]
    described = by_description(entry("a"), dict.fromkeys(ELEMENTS, 1.0), color_first)
    assert described.total == 5.0
