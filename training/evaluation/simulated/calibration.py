"""Turn two score distributions into a probability, and hold it against what came true."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from shared.domain.taste import ELEMENTS
from shared.vlm.protocol import Scores

BINS: Final = 10
"""Of the chosen image's probability, from one half to one."""


@dataclass(frozen=True)
class Bin:
    """Pairs that the model was about equally sure of."""

    pairs: int
    confidence: float
    right: float


@dataclass(frozen=True)
class Calibration:
    """Reliability, and the expected calibration error: the mean gap, weighted by pairs."""

    bins: tuple[Bin, ...]
    error: float


def probability(better: Scores, worse: Scores) -> float:
    """That the first image's total is the higher one, 0-1; equal totals count half."""
    first, second = _totals(better), _totals(worse)
    higher = sum(first[k] * second[:k].sum() for k in range(len(first)))
    return float(higher + (first * second).sum() / 2)


def calibration(of_better: Sequence[float]) -> Calibration:
    """From the probability that each truly better image was given."""
    given = np.array(of_better)
    sure = np.maximum(given, 1 - given)
    right = np.where(given == 0.5, 0.5, (given > 0.5).astype(float))
    place = np.clip(((sure - 0.5) * 2 * BINS).astype(int), 0, BINS - 1)
    bins = [
        Bin(int(mine.sum()), float(sure[mine].mean()), float(right[mine].mean()))
        for mine in (place == k for k in range(BINS))
        if mine.any()
    ]
    error = sum(abs(one.confidence - one.right) * one.pairs for one in bins) / len(given)
    return Calibration(tuple(bins), error)


def _totals(scores: Scores) -> npt.NDArray[np.float64]:
    """Probabilities of the totals 0-25, the elements taken as independent."""
    total = np.ones(1)
    for element in ELEMENTS:
        total = np.convolve(total, np.array(scores.digits[element]))
    return np.asarray(total / total.sum())
