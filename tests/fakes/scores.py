"""Sample scores and element weights, for fake models and their tests."""

from collections.abc import Mapping
from typing import Final

from shared.domain.element_weights import EQUAL_WEIGHTS, ElementWeights
from shared.domain.taste import ELEMENTS, Element
from shared.vlm.protocol import Scores

COLOR_FIRST: Final = ElementWeights(
    art_style=0.5, color=2.25, medium=0.25, saturation=1.5, detail=0.5
)
"""Weights of users who look at color, then at saturation."""
COLOR_ONLY: Final = ElementWeights(art_style=0, color=5, medium=0, saturation=0, detail=0)


def certain(digit: int) -> tuple[float, ...]:
    """Probability 1 for one digit of 0 to 5."""
    return tuple(float(number == digit) for number in range(6))


def certain_scores(
    digits: int | Mapping[Element, int], weights: ElementWeights = EQUAL_WEIGHTS
) -> Scores:
    """Scores without doubt: one digit for all elements, or one for each."""
    by_element = dict.fromkeys(ELEMENTS, digits) if isinstance(digits, int) else digits
    return Scores({element: certain(digit) for element, digit in by_element.items()}, weights)


def color_scores(*, color: int, others: int, weights: ElementWeights = EQUAL_WEIGHTS) -> Scores:
    """Scores without doubt: one digit for the color, another for all other elements."""
    return certain_scores(dict.fromkeys(ELEMENTS, others) | {Element.COLOR: color}, weights)
