"""Compare a model's confidence with how often it is right (reliability diagram, ECE)."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

BINS: Final = 10
"""Equal bins of the chosen image's probability, from one half to one."""


@dataclass(frozen=True)
class Bin:
    """Pairs in which the model is about equally confident."""

    pairs: int
    confidence: float
    """Mean probability of the image that the model chooses."""
    right: float
    """Share in which that is the preferred image."""


@dataclass(frozen=True)
class Calibration:
    """Reliability by bin, and the expected calibration error: the mean gap, weighted by pairs."""

    bins: tuple[Bin, ...]
    error: float


def calibration(
    preferred: npt.ArrayLike, *, weights: npt.NDArray[np.float64] | None = None
) -> Calibration:
    """From the probability that the model gives to each pair's preferred image (Guo et al. 2017).

    `preferred` (pairs,) is 0-1; `weights` (pairs,) count pairs differently, default all alike.
    Raises `ValueError` where there is no pair with a weight.
    """
    given = np.asarray(preferred, np.float64)
    weights = np.ones(len(given)) if weights is None else weights
    if not weights.sum():
        raise ValueError("A calibration error needs at least one pair.")
    confidence = np.maximum(given, 1 - given)
    right = np.where(given == 0.5, 0.5, (given > 0.5).astype(float))
    # The small number keeps a probability such as 0.55, an edge, in the bin that begins there.
    index = np.clip(((confidence - 0.5) * 2 * BINS + 1e-9).astype(int), 0, BINS - 1)
    bins = []
    error = 0.0
    for k in range(BINS):
        inside = index == k
        weight = float(weights[inside].sum())
        if not weight:
            continue
        mean_confidence = float(np.average(confidence[inside], weights=weights[inside]))
        mean_right = float(np.average(right[inside], weights=weights[inside]))
        bins.append(Bin(int(inside.sum()), mean_confidence, mean_right))
        error += abs(mean_confidence - mean_right) * weight / float(weights.sum())
    return Calibration(tuple(bins), error)
