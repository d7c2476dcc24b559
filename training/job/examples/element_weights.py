"""Learn from clicked pairs how much each element counts for these users.

A released model counts all five elements equally. Where the users do not, their clicks contradict
it in one direction. A pairwise logistic model (Bradley-Terry) over the champion's digits measures
this from some hundred pairs. Its weights are shrunk towards their mean, and are used only if they
predict the clicks of users outside the fit better than the champion's own weights.

The weights go into the challenger's manifest and weight its digits wherever totals are computed
(`shared.domain.element_weights`). The digits stay as they are, and their rationales stay true.
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
"""Strength of the pull to the mean weight: a few dozen pairs do not move far from it."""
MIN_WEIGHT: Final = 0.1
"""Of five: no element counts nothing, so that images that differ only in it keep an order."""
FOLDS: Final = 5
"""Folds of the cross-validation over users."""
STANDARD_ERRORS: Final = 2.0
"""By so many standard errors the gain on users outside the fit must be above zero."""
STEPS: Final = 25
"""Of Newton's method, which needs fewer than ten for a concave function of five numbers."""
DECIMALS: Final = 4


@dataclass(frozen=True)
class LearnedWeights:
    """The weights to continue with: new ones where their gain is shown, else the champion's."""

    weights: ElementWeights
    accepted: bool = False
    gain: float = 0.0
    """Log-likelihood per pair that new weights add on users outside the fit."""
    standard_error: float = 0.0

    @property
    def summary(self) -> str:
        """For the progress of a job."""
        if self.accepted:
            return f"for these users the elements count {self.weights.summary}"
        if self.weights.are_equal:
            return "all elements count the same for these users, as far as can be measured"
        return f"the element weights are unchanged, {self.weights.summary}"


def learn_weights(
    better: Floats,
    worse: Floats,
    *,
    users: Sequence[str],
    weights: Sequence[float],
    champion: ElementWeights,
) -> LearnedWeights:
    """From the champion's expected digits of clicked pairs, (pairs, 5) each; `weights` of pairs."""
    if not len(better):
        return LearnedWeights(champion)
    x, w = better - worse, np.asarray(weights, np.float64)
    w = w / max(w.mean(), 1e-12)
    current = np.array(champion.in_order)
    user_codes = np.unique(np.asarray(users), return_inverse=True)[1]
    gain, error = _cross_validated_gain(x, w, user_codes, current)
    fitted = fit_weights(x, w)
    if gain - STANDARD_ERRORS * error <= 0 or not fitted.any():
        return LearnedWeights(champion, gain=gain, standard_error=error)
    return LearnedWeights(_normalized(fitted), accepted=True, gain=gain, standard_error=error)


def _normalized(fitted: Floats) -> ElementWeights:
    """Weights of any scale above zero -> weights that sum to five, none below `MIN_WEIGHT`."""
    each = MIN_WEIGHT + (SUM - len(fitted) * MIN_WEIGHT) * fitted / fitted.sum()
    rounded = np.round(each, DECIMALS)
    rounded[rounded.argmax()] += SUM - rounded.sum()  # so that the best total is exactly 25
    names = (element.value for element in ELEMENTS)
    values = np.round(rounded, DECIMALS).tolist()
    return ElementWeights.model_validate(dict(zip(names, values, strict=True)))


def _cross_validated_gain(
    x: Floats, w: Floats, users: npt.NDArray[np.int64], current: Floats
) -> tuple[float, float]:
    """Mean gain of fitted weights over the current ones on left-out users, and its error."""
    folds = users % FOLDS
    gains = np.zeros(len(x))
    for fold in range(FOLDS):
        test, train = folds == fold, folds != fold
        if not test.any() or not train.any():
            return 0.0, 1.0
        fitted, scale = fit_weights(x[train], w[train]), _scale(x[train] @ current, w[train])
        if not fitted.any():
            return 0.0, 1.0  # the clicks contradict every element: no weights explain them
        new, known = x[test] @ fitted, scale * (x[test] @ current)
        gains[test] = _log_likelihood(new) - _log_likelihood(known)
    total = np.maximum(np.bincount(users, weights=w), 1e-12)
    by_user = np.bincount(users, weights=w * gains) / total
    if len(by_user) < 2:
        return 0.0, 1.0
    return float(by_user.mean()), float(by_user.std(ddof=1) / np.sqrt(len(by_user)))


def fit_weights(x: Floats, w: Floats) -> Floats:
    """Weights of the highest penalized likelihood by Newton's method. (5,)

    None is below zero: a higher digit never counts against an image.
    """
    k = x.shape[1]
    penalty = SHRINKAGE * (np.eye(k) - np.full((k, k), 1 / k)) + 1e-3 * np.eye(k)
    weights = np.full(k, 0.3)
    for _ in range(STEPS):
        residual = 1 / (1 + np.exp(np.clip(x @ weights, -30, 30)))
        gradient = (x * (w * residual)[:, None]).sum(axis=0) - penalty @ weights
        hessian = (x * (w * residual * (1 - residual))[:, None]).T @ x + penalty
        weights = weights + np.linalg.solve(hessian, gradient)
    return np.asarray(np.maximum(weights, 0.0))


def _scale(totals: Floats, w: Floats) -> float:
    """The factor with which the current totals predict the clicks best."""
    return float(fit_weights(totals[:, None], w)[0])


def _log_likelihood(z: Floats) -> Floats:
    return np.asarray(-np.logaddexp(0.0, -z))
