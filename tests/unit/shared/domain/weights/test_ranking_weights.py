"""The shares of the six scores sum to 1 and give the total by which images are ranked."""

import pytest
from pydantic import ValidationError

from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from shared.domain.taste import ELEMENTS, Element
from shared.domain.weights.ranking_weights import (
    STATED_SHARE,
    STATED_TOGETHER,
    RankingWeights,
)

COLOR_FIRST = ElementWeights(art_style=0.5, color=2.25, medium=0.25, saturation=1.5, detail=0.5)


def digits(**points: float) -> dict[Element, float]:
    return {element: points.get(element.value, 2.0) for element in ELEMENTS}


def test_the_total_is_five_times_the_weighted_sum_of_the_six_scores() -> None:
    weights = RankingWeights.of(COLOR_FIRST, subject=0.5)
    assert weights.color == 0.225
    total = weights.total(digits(color=5.0), 4.0)
    assert total == pytest.approx(5 * (0.225 * 5 + 0.275 * 2 + 0.5 * 4), abs=1e-3)


def test_without_the_subject_the_total_is_the_score_of_the_elements() -> None:
    weights = RankingWeights.of(COLOR_FIRST, subject=0.0)
    points = digits(color=4.5, detail=0.5)
    assert weights.total(points, 5.0) == pytest.approx(COLOR_FIRST.total(points), abs=1e-3)


@pytest.mark.parametrize("points", [0.0, 5.0])
def test_a_total_stays_within_its_range(points: float) -> None:
    weights = RankingWeights.of(EQUAL_WEIGHTS, subject=1 / 3)
    assert weights.total(dict.fromkeys(ELEMENTS, points), points) == 5 * points


def test_another_share_of_the_subject_keeps_the_proportions_of_the_elements() -> None:
    weights = RankingWeights.of(COLOR_FIRST, subject=0.2).with_subject(0.6)
    assert weights.subject == pytest.approx(0.6, abs=1e-3)
    assert weights.color / weights.detail == pytest.approx(4.5, rel=0.01)
    alone = weights.with_subject(1.0)
    assert [share for _, share in alone.shares] == [0, 0, 0, 0, 0, 1]
    assert alone.with_subject(0.5).color == pytest.approx(0.1, abs=1e-3)


def test_shares_that_do_not_sum_to_one_are_refused() -> None:
    with pytest.raises(ValidationError, match="must sum to 1"):
        RankingWeights(art_style=0.5, color=0.5, medium=0.5, saturation=0, detail=0, subject=0)
    with pytest.raises(ValueError, match="no element has a weight"):
        RankingWeights.normalized(dict.fromkeys(ELEMENTS, 0.0), subject=0.5)


def test_the_summary_names_the_largest_share_first_and_leaves_out_none() -> None:
    weights = RankingWeights(
        art_style=0.05, color=0.2, medium=0.15, saturation=0.0, detail=0.0, subject=0.6
    )
    assert weights.summary == "subject 60%, color 20%, medium 15%, art style 5%"


def test_a_stated_element_gets_a_share_and_the_others_keep_their_proportions() -> None:
    weights = RankingWeights.of(COLOR_FIRST, subject=0.9)
    raised = weights.with_stated({Element.DETAIL})
    assert raised.detail == STATED_SHARE
    assert raised.subject / raised.color == pytest.approx(weights.subject / weights.color, rel=0.01)
    assert sum(share for _, share in raised.shares) == pytest.approx(1)


def test_several_stated_elements_leave_half_of_the_total_to_the_others() -> None:
    raised = RankingWeights.of(EQUAL_WEIGHTS, subject=0.95).with_stated(ELEMENTS)
    assert raised.subject == pytest.approx(1 - STATED_TOGETHER, abs=1e-3)
    assert [raised[e] for e in ELEMENTS] == pytest.approx([0.1] * 5, abs=1e-3)


def test_a_stated_element_that_counts_enough_changes_nothing() -> None:
    weights = RankingWeights.of(EQUAL_WEIGHTS, subject=0.0)
    assert weights.with_stated({Element.COLOR}) == weights
    assert weights.with_stated(()) == weights


@pytest.mark.parametrize("stated", [{Element.COLOR, Element.DETAIL}, set(ELEMENTS)])
def test_no_stated_element_is_below_its_least_share_and_stating_twice_is_stating_once(
    stated: set[Element],
) -> None:
    weights = RankingWeights(
        art_style=0.0, color=0.21, medium=0.0, saturation=0.4, detail=0.01, subject=0.38
    )
    raised = weights.with_stated(stated)
    least = min(STATED_SHARE, STATED_TOGETHER / len(stated))
    assert min(raised[e] for e in stated) >= least - 1e-4
    again = raised.with_stated(stated)
    assert [share for _, share in again.shares] == pytest.approx(
        [share for _, share in raised.shares], abs=1e-3
    )
