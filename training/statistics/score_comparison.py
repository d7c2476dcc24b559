"""Probability that one image's total score is higher than another's."""

from typing import Final

import numpy as np
import numpy.typing as npt

from shared.domain.taste import ELEMENTS
from shared.vlm.protocol import Scores

STEPS_PER_POINT: Final = 20
"""Element weights count in twentieths: finer weights change no probability that is reported."""
LENGTH: Final = 25 * STEPS_PER_POINT + 5 * len(ELEMENTS)
"""Steps of the highest total, and what rounding five weights can add."""


def probability_higher(first: Scores, second: Scores) -> float:
    """Probability that the first total is higher, 0-1; a tie counts half.

    Each digit is drawn from the model's distribution, and elements are taken as independent.
    """
    a, b = _total_distribution(first), _total_distribution(second)
    below = np.concatenate([[0.0], np.cumsum(b)[:-1]])  # P(second < t)
    return float(np.clip((a * (below + b / 2)).sum(), 0.0, 1.0))


def _total_distribution(scores: Scores) -> npt.NDArray[np.float64]:
    """Distribution of the weighted total over 0-25, in steps of 1 / `STEPS_PER_POINT`."""
    total = np.ones(1)
    for element in ELEMENTS:
        digits = np.asarray(scores.digits[element], np.float64)
        step = round(scores.weights[element] * STEPS_PER_POINT)
        spread = np.zeros(5 * step + 1)
        np.add.at(spread, np.arange(len(digits)) * step, digits / digits.sum())
        total = np.convolve(total, spread)
    return np.pad(total, (0, LENGTH - len(total)))
