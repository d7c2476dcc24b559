"""Totals are 0-25 whatever elements count, and wrong weights are refused with a reason."""

import pytest
from pydantic import ValidationError

from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from shared.domain.taste import ELEMENTS, Element

COLOR_FIRST = ElementWeights(art_style=0.5, color=2.25, medium=0.25, saturation=1.5, detail=0.5)


def test_alike_a_total_is_the_plain_sum() -> None:
    assert EQUAL_WEIGHTS.total({e: float(n) for n, e in enumerate(ELEMENTS)}) == 10.0


def test_what_counts_more_decides() -> None:
    color = dict.fromkeys(ELEMENTS, 0.0) | {Element.COLOR: 5.0}
    others = dict.fromkeys(ELEMENTS, 2.5) | {Element.COLOR: 0.0}
    assert EQUAL_WEIGHTS.total(color) < EQUAL_WEIGHTS.total(others)
    assert COLOR_FIRST.total(color) == pytest.approx(11.25)
    assert COLOR_FIRST.total(color) > COLOR_FIRST.total(others)


@pytest.mark.parametrize("weights", [EQUAL_WEIGHTS, COLOR_FIRST, ElementWeights(color=1.0009)])
def test_the_best_total_is_25_and_the_worst_0(weights: ElementWeights) -> None:
    assert weights.total(dict.fromkeys(ELEMENTS, 5.0)) == 25.0
    assert weights.total(dict.fromkeys(ELEMENTS, 0.0)) == 0.0


@pytest.mark.parametrize("wrong", [{"color": 2.0}, {"color": -1.0, "detail": 3.0}, {"color": "a"}])
def test_weights_that_do_not_sum_to_five_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ElementWeights.model_validate(wrong)


def test_a_reader_who_weighs_an_items_scores_gets_its_total() -> None:
    points = {e: 0.1234 + n for n, e in enumerate(ELEMENTS)}
    for weights in (COLOR_FIRST, ElementWeights(color=1.0009)):
        weighed = sum(weights[e] * points[e] for e in ELEMENTS)
        assert weights.total(points) == weighed
