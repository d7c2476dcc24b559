"""Wilson score interval of a share (Wilson, JASA 1927)."""

from math import sqrt
from statistics import NormalDist
from typing import Final

TAIL: Final = 0.025
"""Probability outside a 95 % interval on each side."""


def wilson(value: float, count: int, *, tail: float = TAIL) -> tuple[float, float]:
    """Ends of the interval of a share `value` (0-1) of `count` independent trials.

    It has a width where every trial has the same outcome: 300 of 300 gives 0.987 to 1.
    Raises `ValueError` where there is no trial.
    """
    if count < 1:
        raise ValueError(f"A Wilson interval needs at least one trial, not {count}.")
    z = NormalDist().inv_cdf(1 - tail)
    middle = (value + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * sqrt(value * (1 - value) / count + (z / (2 * count)) ** 2)
    # The exact ends at 0 and 1 are 0 and 1; rounding may pass them by 1e-17.
    low = 0.0 if value <= 0 else max(0.0, middle - half)
    high = 1.0 if value >= 1 else min(1.0, middle + half)
    return low, high
