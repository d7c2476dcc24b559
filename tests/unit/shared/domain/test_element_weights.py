"""Totals are 0-25 for all valid element weights, and invalid weights are rejected."""

import pytest
from pydantic import ValidationError

from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from shared.domain.taste import ELEMENTS, Element
from tests.fakes.scores import COLOR_FIRST


def test_with_equal_weights_a_total_is_the_plain_sum() -> None:
    assert EQUAL_WEIGHTS.total({e: float(n) for n, e in enumerate(ELEMENTS)}) == 10.0


def test_a_higher_weight_can_change_the_order() -> None:
    color = dict.fromkeys(ELEMENTS, 0.0) | {Element.COLOR: 5.0}
    others = dict.fromkeys(ELEMENTS, 2.5) | {Element.COLOR: 0.0}
    assert EQUAL_WEIGHTS.total(color) < EQUAL_WEIGHTS.total(others)
    assert COLOR_FIRST.total(color) == pytest.approx(11.25)
    assert COLOR_FIRST.total(color) > COLOR_FIRST.total(others)


@pytest.mark.parametrize("weights", [EQUAL_WEIGHTS, COLOR_FIRST, ElementWeights(color=1.0009)])
def test_totals_reach_from_0_to_25(weights: ElementWeights) -> None:
    assert weights.total(dict.fromkeys(ELEMENTS, 5.0)) == 25.0
    assert weights.total(dict.fromkeys(ELEMENTS, 0.0)) == 0.0


@pytest.mark.parametrize(
    "weights", [{"color": 2.0}, {"color": -1.0, "detail": 3.0}, {"color": "a"}]
)
def test_weights_that_do_not_sum_to_five_are_rejected(weights: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ElementWeights.model_validate(weights)


def test_a_reader_can_recompute_a_total_from_scores_and_weights() -> None:
    points = {e: 0.1234 + n for n, e in enumerate(ELEMENTS)}
    for weights in (COLOR_FIRST, ElementWeights(color=1.0009)):
        expected = sum(weights[e] * points[e] for e in ELEMENTS)
        assert weights.total(points) == expected
