"""Measure the similarity of two values: by steps on a scale, by degrees for colors."""

from typing import Final

from shared.domain.taste import Element
from training.prefersim.values.vocabulary import HUES, ORDINAL, VALUES

FAR_HUE: Final = 75.0
"""Distance in degrees from which the similarity of two colors is 0: two or three colors away."""


def similarity(element: Element, first: int, second: int) -> float:
    """Similarity 0-1 of two values, given as indices into `VALUES`; 1 for the same value."""
    if first == second:
        return 1.0
    if element in ORDINAL:
        return 1 - abs(first - second) / (len(VALUES[element]) - 1)
    if element is Element.COLOR:
        degrees = tuple(HUES.values())
        distance = abs(degrees[first] - degrees[second]) % 360
        return max(0.0, 1 - min(distance, 360 - distance) / FAR_HUE)
    return 0.0
