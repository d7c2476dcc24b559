"""Predict rewards for doubly robust estimates, each user by a model of the other users."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from training.statistics.offpolicy.decisions import Floats, Ints

FOLDS: Final = 5
RIDGE: Final = 1e-2


def cross_fitted(
    features: Floats, rewards: Floats, clusters: Ints, others: Floats, *, folds: int = FOLDS
) -> tuple[Floats, Floats]:
    """Predictions for the logged actions and for other actions, by ridge regression.

    `features` and `others` are (n, k): the logged action of each decision, and the action to
    predict. Users are split into folds, and each fold is predicted by the model of the others, so
    no reward predicts itself (Chernozhukov et al. 2018, cross-fitting). With one user there is
    nothing to learn from: the predictions are 0.
    """
    predicted, expected = np.zeros_like(rewards), np.zeros_like(rewards)
    for inside in _folds(clusters, folds):
        outside = ~inside
        if not outside.any():
            continue
        weights = _ridge(features[outside], rewards[outside])
        predicted[inside] = _with_constant(features[inside]) @ weights
        expected[inside] = _with_constant(others[inside]) @ weights
    return predicted, expected


def cross_fitted_everywhere(
    features: Floats, rewards: Floats, clusters: Ints, known: npt.NDArray[np.bool_],
    *, folds: int = FOLDS,
) -> Floats:  # fmt: skip
    """Predictions for all rows, each user by a model of the known rewards of the others. (n,)

    `known` marks the rows whose reward was seen. Predictions are between 0 and 1.
    """
    predicted = np.zeros_like(rewards)
    for inside in _folds(clusters, folds):
        learned = ~inside & known
        if learned.any():
            weights = _ridge(features[learned], rewards[learned])
            predicted[inside] = _with_constant(features[inside]) @ weights
    return np.clip(predicted, 0.0, 1.0)


def _folds(clusters: Ints, folds: int) -> Iterator[npt.NDArray[np.bool_]]:
    _, numbers = np.unique(clusters, return_inverse=True)
    fold = numbers.reshape(-1) % folds
    for number in np.unique(fold):
        yield fold == number


def _ridge(features: Floats, rewards: Floats) -> Floats:
    design = _with_constant(features)
    penalty = RIDGE * len(design) * np.eye(design.shape[1])
    penalty[0, 0] = 0.0
    solved, *_ = np.linalg.lstsq(design.T @ design + penalty, design.T @ rewards, rcond=None)
    return np.asarray(solved, np.float64)


def _with_constant(features: Floats) -> Floats:
    return np.concatenate([np.ones((len(features), 1)), features], axis=1)
