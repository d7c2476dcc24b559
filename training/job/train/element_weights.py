"""Learn from clicked pairs how much each element counts to these people.

A model that shipped counts all five elements alike. Where people do not, their clicks contradict it
in one direction: the pairs it gets wrong are wrong for the same reason. A pairwise logistic model
over the champion's own digits finds that reason from some hundred pairs; its weights, pulled to the
common one, are believed only if they foresee the clicks of people they were not fitted to, better
than the champion's own weights do.

They are written into the challenger's manifest and weigh its digits wherever totals are formed
(`shared.domain.element_weights`): the digits go on saying what is liked, their reasons stay true of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from shared.domain.element_weights import SUM, ElementWeights
from shared.domain.taste import ELEMENTS

Floats = npt.NDArray[np.float64]
SHRINKAGE: Final = 20.0
"""Strength of the pull to the common weight: a few dozen pairs do not move far from it."""
LEAST: Final = 0.1
"""Of five: an element never counts for nothing, so that what differs in it alone keeps an order."""
FOLDS: Final = 5
"""People are left out fold by fold to see whether weights foresee their clicks."""
SURE: Final = 2.0
"""Standard errors by which the gain on people left out must lie above zero."""
STEPS: Final = 25
"""Of Newton's method, which needs under ten for a concave function of five numbers."""
DIGITS_AFTER_POINT: Final = 4


@dataclass(frozen=True)
class Learned:
    """The weights to go on with: new ones where they can be shown, else those of the champion."""

    weights: ElementWeights
    believed: bool = False
    gain: float = 0.0
    """Log-likelihood a pair that new weights add on people left out of their fitting."""
    error: float = 0.0

    @property
    def told(self) -> str:
        """For those who read a night's progress."""
        if self.believed:
            return f"to these people the elements count {self.weights.told}"
        if self.weights.are_equal:
            return "every element counts alike to these people, as far as can be shown"
        return f"the elements count as they did, {self.weights.told}"


def learn(
    better: Floats,
    worse: Floats,
    *,
    users: Sequence[str],
    weights: Sequence[float],
    champion: ElementWeights,
) -> Learned:
    """From the champion's expected digits of pairs that people ordered. (pairs, 5) each"""
    if not len(better):
        return Learned(champion)
    x, w = better - worse, np.asarray(weights, np.float64)
    w = w / max(w.mean(), 1e-12)
    before = np.array(champion.in_order)
    gain, error = _foreseen(x, w, np.unique(np.asarray(users), return_inverse=True)[1], before)
    found = _fitted(x, w)
    if gain - SURE * error <= 0 or not found.any():
        return Learned(champion, gain=gain, error=error)
    return Learned(_shares(found), believed=True, gain=gain, error=error)


def _shares(found: Floats) -> ElementWeights:
    """Of any scale above zero -> summing to five, none below `LEAST`."""
    each = LEAST + (SUM - len(found) * LEAST) * found / found.sum()
    rounded = np.round(each, DIGITS_AFTER_POINT)
    rounded[rounded.argmax()] += SUM - rounded.sum()  # so that the best total is 25 to the digit
    names = (element.value for element in ELEMENTS)
    told = np.round(rounded, DIGITS_AFTER_POINT).tolist()
    return ElementWeights.model_validate(dict(zip(names, told, strict=True)))


def _foreseen(
    x: Floats, w: Floats, users: npt.NDArray[np.int64], before: Floats
) -> tuple[float, float]:
    """What own weights add over those before on people left out: the mean of people, its error."""
    folds = users % FOLDS
    each = np.zeros(len(x))
    for fold in range(FOLDS):
        left_out, kept = folds == fold, folds != fold
        if not left_out.any() or not kept.any():
            return 0.0, 1.0
        own, scale = _fitted(x[kept], w[kept]), _scale(x[kept] @ before, w[kept])
        if not own.any():
            return 0.0, 1.0  # clicks against every element: no weights say that
        new, known = x[left_out] @ own, scale * (x[left_out] @ before)
        each[left_out] = _likelihood(new) - _likelihood(known)
    people = np.bincount(users, weights=w * each) / np.maximum(np.bincount(users, weights=w), 1e-12)
    if len(people) < 2:
        return 0.0, 1.0
    return float(people.mean()), float(people.std(ddof=1) / np.sqrt(len(people)))


def _fitted(x: Floats, w: Floats) -> Floats:
    """Weights of most likelihood, pulled to their own mean; none below zero, since digits say what
    is liked. (5,)"""
    k = x.shape[1]
    pull = SHRINKAGE * (np.eye(k) - np.full((k, k), 1 / k)) + 1e-3 * np.eye(k)
    found = np.full(k, 0.3)
    for _ in range(STEPS):
        wrong = 1 / (1 + np.exp(np.clip(x @ found, -30, 30)))
        slope = (x * (w * wrong)[:, None]).sum(axis=0) - pull @ found
        bend = (x * (w * wrong * (1 - wrong))[:, None]).T @ x + pull
        found = found + np.linalg.solve(bend, slope)
    return np.maximum(found, 0.0)


def _scale(totals: Floats, w: Floats) -> float:
    """How sure totals as they are make people of their clicks."""
    return float(_fitted(totals[:, None], w)[0])


def _likelihood(z: Floats) -> Floats:
    return -np.logaddexp(0.0, -z)
