"""How alike two values are: steps apart where they have an order, degrees apart for colors."""

from typing import Final

from shared.domain.taste import Element
from training.prefersim.values.vocabulary import HUES, ORDINAL, VALUES

FAR_HUE: Final = 75.0
"""Degrees from which two colors have nothing in common: two or three neighbors away."""


def similarity(element: Element, one: int, other: int) -> float:
    """0-1, of two indices into `VALUES`: 1 the same value, 0 nothing in common."""
    if one == other:
        return 1.0
    if element in ORDINAL:
        return 1 - abs(one - other) / (len(VALUES[element]) - 1)
    if element is Element.COLOR:
        degrees = tuple(HUES.values())
        apart = abs(degrees[one] - degrees[other]) % 360
        return max(0.0, 1 - min(apart, 360 - apart) / FAR_HUE)
    return 0.0
