"""Sum up each user's pairs with capped weights, so that no pair and no user dominates."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from training.gate.evidence import CONTROLS, Floats, PairSet
from training.gate.rules import Rules
from training.statistics.bootstrap import weighted_means
from training.statistics.interval import TAIL, Interval
from training.statistics.resampling import Resampling

SHARES: Final = ("champion", "challenger", "release", *CONTROLS)
"""Columns that hold right answers, 0-1; the others are differences."""


@dataclass(frozen=True)
class UserSums:
    """Pairs summed up by user, weights capped. Columns are sums of weight times value."""

    weights: Floats
    """(users,)"""
    sums: Mapping[str, Floats]
    """(users,) each."""

    def mean(self, name: str) -> Floats:
        """Each user's own mean. (users,)"""
        return np.asarray(self.sums[name] / np.maximum(self.weights, 1e-12))

    def winsorized(self, name: str, *, most: float) -> "UserSums":
        """With each user's sum limited to `most` mean weights of a user, up or down."""
        limit = most * float(self.weights.mean())
        return UserSums(self.weights, {name: np.clip(self.sums[name], -limit, limit)})


def sum_by_user(pairs: PairSet, rules: Rules) -> UserSums:
    """Sum up each user's pairs; neither a pair nor a user outweighs the others.

    A user's pairs are scaled down together, so that the user's own mean stays as it is.
    """
    weights = pairs.weights
    if weights.size and weights.sum() > 0:
        weights = np.minimum(weights, rules.max_pair_weight * np.median(weights[weights > 0]))
    total = _summed(pairs, weights)
    if total.size and total.sum() > 0:
        most = rules.max_user_weight * np.median(total[total > 0])
        weights = weights * np.minimum(1.0, most / np.maximum(total, 1e-12))[pairs.users]
    columns = {
        "champion": pairs.champion,
        "challenger": pairs.challenger,
        "difference": pairs.challenger - pairs.champion,
        **pairs.more,
    }
    if "release" in columns:
        columns["against_release"] = pairs.challenger - pairs.more["release"]
    sums = {name: _summed(pairs, weights * column) for name, column in columns.items()}
    return UserSums(_summed(pairs, weights), sums)


def intervals(
    users: UserSums, resampling: Resampling, *, tail: float = TAIL
) -> dict[str, Interval]:
    """The weighted mean of every column over all pairs, with its interval over users."""
    shares = [name for name in SHARES if name in users.sums]
    return weighted_means(users.weights, users.sums, resampling, tail=tail, shares=shares)


def _summed(pairs: PairSet, values: npt.NDArray[np.float64]) -> Floats:
    sums = np.bincount(pairs.users, weights=values, minlength=pairs.user_count)
    return np.asarray(sums, np.float64)
