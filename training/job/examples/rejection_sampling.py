"""Draw a pair's digits as the champion means them; keep one drawing that the click agrees with."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from shared.domain.element_weights import ElementWeights
from shared.domain.taste import ELEMENTS, Element
from shared.vlm.protocol import Scores
from training.job.evidence.cases import HeardCase

DRAWINGS: Final = 16
"""Of a pair: enough to find agreement where the champion gives it one chance in five."""
LEAST_AGREEING: Final = 2
"""Drawings of 16 that must agree with the click."""
Digits = dict[Element, int]
Rng = np.random.Generator


@dataclass(frozen=True)
class ScoredPair:
    """A clicked pair as the champion scored it."""

    case: HeardCase
    better: Scores
    worse: Scores


@dataclass(frozen=True)
class Agreed:
    """Digits that put the preferred image first."""

    case: HeardCase
    better: Digits
    worse: Digits


def drawn(pair: ScoredPair, weights: ElementWeights, rng: Rng) -> Agreed | None:
    """One drawing by chance of those that put the preferred image first, where there are enough."""
    a, b = _draws(pair.better, rng), _draws(pair.worse, rng)
    counts = np.array(weights.in_order)
    agreeing = np.flatnonzero(a @ counts > b @ counts)
    if len(agreeing) < LEAST_AGREEING:
        return None
    row = int(rng.choice(agreeing))
    return Agreed(pair.case, _digits(a[row]), _digits(b[row]))


def _draws(scores: Scores, rng: Rng) -> npt.NDArray[np.int64]:
    """(DRAWINGS, 5)"""
    columns = []
    for element in ELEMENTS:
        p = np.asarray(scores.digits[element], np.float64)
        columns.append(rng.choice(len(p), size=DRAWINGS, p=p / p.sum()))
    return np.stack(columns, axis=1)


def _digits(row: npt.NDArray[np.int64]) -> Digits:
    return {element: int(digit) for element, digit in zip(ELEMENTS, row, strict=True)}
