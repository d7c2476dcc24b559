"""Sample digits for clicked pairs from the champion; keep those that agree with the click."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from shared.domain.element_weights import ElementWeights
from shared.domain.taste import ELEMENTS, Element
from shared.vlm.protocol import Scores
from training.job.scoring.feedback_cases import FeedbackCase

SAMPLES: Final = 16
"""Of a pair: enough to find agreement where the champion gives it a chance of one in five."""
MIN_AGREEING: Final = 2
"""Samples of 16 that must agree with the click."""
Digits = dict[Element, int]
Rng = np.random.Generator


@dataclass(frozen=True)
class ScoredPair:
    """A clicked pair with the champion's scores."""

    case: FeedbackCase
    better: Scores
    worse: Scores


@dataclass(frozen=True)
class AgreeingPair:
    """A clicked pair with digits whose totals put the preferred image first."""

    case: FeedbackCase
    better: Digits
    worse: Digits


def agreeing_sample(pair: ScoredPair, weights: ElementWeights, rng: Rng) -> AgreeingPair | None:
    """A random one of the samples that agree with the click; None where they are too few."""
    better, worse = _samples(pair.better, rng), _samples(pair.worse, rng)
    element_weights = np.array(weights.in_order)
    agreeing = np.flatnonzero(better @ element_weights > worse @ element_weights)
    if len(agreeing) < MIN_AGREEING:
        return None
    row = int(rng.choice(agreeing))
    return AgreeingPair(pair.case, _digits(better[row]), _digits(worse[row]))


def _samples(scores: Scores, rng: Rng) -> npt.NDArray[np.int64]:
    """Digits from the model's distributions. (SAMPLES, 5)"""
    columns = []
    for element in ELEMENTS:
        p = np.asarray(scores.digits[element], np.float64)
        columns.append(rng.choice(len(p), size=SAMPLES, p=p / p.sum()))
    return np.stack(columns, axis=1)


def _digits(row: npt.NDArray[np.int64]) -> Digits:
    return {element: int(digit) for element, digit in zip(ELEMENTS, row, strict=True)}
