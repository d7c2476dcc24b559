"""Hold a model's confidence against how often it was right."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from training.gate.evidence import Floats, PairSet

EDGES: Final = tuple(0.5 + 0.05 * k for k in range(11))
"""Ten bins of the chosen image's probability, which is never below one half."""


@dataclass(frozen=True)
class Bin:
    """Pairs that a model was about equally sure of."""

    pairs: int
    confidence: float
    """Mean probability of the image that the model chose."""
    right: float
    """Share in which that was the image that the user preferred."""


@dataclass(frozen=True)
class Calibration:
    """Reliability, and the expected calibration error: the mean gap, weighted by pairs."""

    bins: tuple[Bin, ...]
    error: float


def calibration(pairs: PairSet, model: str) -> Calibration | None:
    """Of `champion` or `challenger`; None when its probabilities were not given."""
    preferred = pairs.more.get(f"{model}_probability")
    if preferred is None or not pairs.pairs or not pairs.weights.sum():
        return None
    chosen = np.maximum(preferred, 1 - preferred)
    right = np.where(preferred == 0.5, 0.5, (preferred > 0.5).astype(float))
    place = np.clip(((chosen - 0.5) / 0.05 + 1e-9).astype(int), 0, len(EDGES) - 2)
    weights = np.bincount(place, weights=pairs.weights, minlength=len(EDGES) - 1)
    counts = np.bincount(place, minlength=len(EDGES) - 1)
    bins = []
    error = 0.0
    for at in np.flatnonzero(weights):
        mine = place == at
        one = Bin(int(counts[at]), _mean(chosen, pairs, mine), _mean(right, pairs, mine))
        bins.append(one)
        error += abs(one.confidence - one.right) * float(weights[at] / weights.sum())
    return Calibration(tuple(bins), error)


def _mean(values: Floats, pairs: PairSet, mine: Floats) -> float:
    return float(np.average(values[mine], weights=pairs.weights[mine]))
