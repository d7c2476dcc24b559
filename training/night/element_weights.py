"""Learn from clicked pairs how much each element counts to these people, and tell digits by it.

A model that shipped counts all five elements alike. Where people do not, their clicks contradict it
in one direction: the pairs it gets wrong are wrong for the same reason. A pairwise logistic model
over the champion's own digits finds that reason from some hundred pairs; its weights, shrunk to the
common one, are believed only if they foresee the clicks of people they were not fitted to.

An element that counts less is told by digits nearer to the middle, within what its reason still
agrees with (`shared.reason`): 4 is liked as 5 is, 1 disliked as 0 is. So its order stays, reasons
stay true, and totals stay sums.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from shared.taste import ELEMENTS, Element

Floats = npt.NDArray[np.float64]
SHRINKAGE: Final = 20.0
"""Strength of the pull to the common weight: a few dozen pairs do not move far from it."""
LEAST: Final = 0.6
"""Of the weightiest element's: 1 to 4 is six tenths of 0 to 5. Pressed further, reasons
contradicted their digits, and where style alone decided it was told apart for .65 instead of .84
(training/LOG.md)."""
MIDDLE: Final = 2.5
LOWEST: Final = np.array([0, 0, 2, 3, 4, 4])
HIGHEST: Final = np.array([1, 1, 2, 3, 5, 5])
"""What a digit may be told as, by digit: what says the same of liked and disliked."""
FOLDS: Final = 5
"""People are left out fold by fold to see whether weights foresee their clicks."""
SURE: Final = 2.0
"""Standard errors by which the gain on people left out must lie above zero."""
STEPS: Final = 25
"""Of Newton's method, which needs under ten for a concave function of five numbers."""


@dataclass(frozen=True)
class ElementWeights:
    """How far each element's digits are told from the middle, the weightiest at 1."""

    counts: tuple[float, ...]
    gain: float = 0.0
    """Log-likelihood a pair that the weights add on people left out of their fitting."""
    error: float = 0.0

    @property
    def are_equal(self) -> bool:
        return all(count == 1.0 for count in self.counts)

    def drawn(
        self, digits: npt.NDArray[np.int64], rng: np.random.Generator
    ) -> npt.NDArray[np.int64]:
        """Digits told by the weights; between two digits chance decides. (..., 5)"""
        if self.are_equal:
            return digits
        wanted = MIDDLE + np.asarray(self.counts) * (digits - MIDDLE)
        below = np.floor(wanted + 1e-9)
        told = below + (rng.random(wanted.shape) < wanted - below)
        return np.clip(told, LOWEST[digits], HIGHEST[digits]).astype(np.int64)

    @property
    def told(self) -> str:
        """For those who read a night's progress."""
        if self.are_equal:
            return "every element counts alike to these people, as far as can be shown"
        each = ", ".join(
            f"{Element(element).value} {count:.2f}"
            for element, count in zip(ELEMENTS, self.counts, strict=True)
        )
        return f"to these people the elements count {each}"


def alike(gain: float = 0.0, error: float = 0.0) -> ElementWeights:
    """Digits as the champion tells them."""
    return ElementWeights((1.0,) * len(ELEMENTS), gain, error)


def learn(
    better: Floats, worse: Floats, *, users: Sequence[str], weights: Sequence[float]
) -> ElementWeights:
    """From the champion's expected digits of pairs that people ordered. (pairs, 5) each"""
    if not len(better):
        return alike()
    x, w = better - worse, np.asarray(weights, np.float64)
    w = w / max(w.mean(), 1e-12)
    gain, error = _foreseen(x, w, np.unique(np.asarray(users), return_inverse=True)[1])
    if gain - SURE * error <= 0:
        return alike(gain, error)
    found = _fitted(x, w)
    most = float(found.max())
    if most <= 0:
        return alike(gain, error)
    return ElementWeights(tuple(float(c) for c in np.clip(found / most, LEAST, 1.0)), gain, error)


def _foreseen(x: Floats, w: Floats, users: npt.NDArray[np.int64]) -> tuple[float, float]:
    """What own weights add over a common one on people left out: the mean of people, its error."""
    folds = users % FOLDS
    each = np.zeros(len(x))
    for fold in range(FOLDS):
        left_out, kept = folds == fold, folds != fold
        if not left_out.any() or not kept.any():
            return 0.0, 1.0
        own, common = _fitted(x[kept], w[kept]), _common(x[kept], w[kept])
        each[left_out] = _likelihood(x[left_out] @ own) - _likelihood(
            common * x[left_out].sum(axis=1)
        )
    people = np.bincount(users, weights=w * each) / np.maximum(np.bincount(users, weights=w), 1e-12)
    if len(people) < 2:
        return 0.0, 1.0
    return float(people.mean()), float(people.std(ddof=1) / np.sqrt(len(people)))


def _fitted(x: Floats, w: Floats) -> Floats:
    """Weights of most likelihood, pulled to their own mean. (5,)"""
    k = x.shape[1]
    pull = SHRINKAGE * (np.eye(k) - np.full((k, k), 1 / k)) + 1e-3 * np.eye(k)
    found = np.full(k, 0.3)
    for _ in range(STEPS):
        wrong = 1 / (1 + np.exp(np.clip(x @ found, -30, 30)))
        slope = (x * (w * wrong)[:, None]).sum(axis=0) - pull @ found
        bend = (x * (w * wrong * (1 - wrong))[:, None]).T @ x + pull
        found = found + np.linalg.solve(bend, slope)
    return found


def _common(x: Floats, w: Floats) -> float:
    """The one weight that all elements would share."""
    return float(_fitted(x.sum(axis=1, keepdims=True), w)[0])


def _likelihood(z: Floats) -> Floats:
    return -np.logaddexp(0.0, -z)
