"""Estimate the clicks a slate of an order from logged slates: SNIPS and doubly robust.

A decision is one look at an image: logging gave the image a look with probability `logged`, and the
order that is valued gives it one with probability `target`. With these as propensities the look is
the action of an ordinary bandit (the position-based estimator of Li et al. 2018, equation 8):

- SNIPS (Swaminathan and Joachims 2015): clicks a look, weighted, times looks a slate. The weights
  of all looks have the mean 1, because every order gets the same looks.
- DR (Oosterhuis 2023, "Doubly Robust Estimation for Correcting Position Bias in Click Feedback",
  with observed looks): predicted clicks of the order, plus the weighted errors of the prediction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from training.statistics.offpolicy.decisions import Decisions, Floats, Ints

Value = Literal["logged", "snips", "dr"]
COLUMNS: Final = 6
"""Of `slate_sums`: clicks, looks, weighted clicks, weights, predicted clicks, weighted errors."""


@dataclass(frozen=True)
class ShownImages:
    """Images of logged slates as columns, (n,) each."""

    slates: Ints
    """The slate of each image, 0 .. slates-1."""
    viewed: Floats
    """1 where the user looked at the image, else 0."""
    clicked: Floats
    logged: Floats
    """Probability of a look when it was logged."""
    predicted: Floats
    """Predicted probability of a click on a look."""


def slate_sums(images: ShownImages, target: Floats) -> Floats:
    """Sums of each slate for an order with look probabilities `target` (n,): (slates, 6)."""
    weights = target / images.logged * images.viewed
    columns = (
        images.clicked * images.viewed,
        images.viewed,
        weights * images.clicked,
        weights,
        target * images.predicted,
        weights * (images.clicked - images.predicted),
    )
    count = int(images.slates.max()) + 1
    return np.stack([np.bincount(images.slates, column, count) for column in columns], axis=1)


def value_of(sums: Floats, slates: Floats) -> Mapping[Value, Floats]:
    """Clicks a slate from the sums over slates. (..., 6), (...) -> (...) each"""
    clicks, looks, weighted, weights, predicted, errors = np.moveaxis(sums, -1, 0)
    safe = np.where(weights > 0, weights, 1.0)
    return {
        "logged": clicks / slates,
        "snips": np.where(weights > 0, weighted / safe, 0.0) * looks / slates,
        "dr": (predicted + errors) / slates,
    }


def look_decisions(images: ShownImages, target: Floats, users: Ints) -> Decisions:
    """The looks as decisions of a bandit, to check the overlap; `users` by image. (n,)"""
    looks = images.viewed > 0
    return Decisions(
        rewards=images.clicked[looks],
        logged=images.logged[looks],
        target=target[looks],
        clusters=users[looks],
    )
