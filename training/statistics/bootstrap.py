"""Draw users again, with all their pairs: how far a share or a difference could be chance."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from training.gate.evidence import Floats, PairSet
from training.gate.rules import Rules

CELLS_AT_ONCE: Final = 4_000_000
"""Cells of the table of draws made at once: 32 MB."""
CELLS_KEPT: Final = 40_000_000
"""Cells kept for the next comparison of as many users: 160 MB."""
TAIL: Final = 0.025
"""Left out on each side of a 95 % interval."""


@dataclass(frozen=True)
class Interval:
    """A value with the ends of its 95 % interval (or a wider one, where several are looked at)."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class ByUser:
    """Pairs summed up by user, weights capped. Columns are sums of weight times value."""

    weights: Floats
    """(users,)"""
    sums: Mapping[str, Floats]
    """(users,) each."""

    def mean(self, name: str) -> Floats:
        """Each user's own mean. (users,)"""
        return np.asarray(self.sums[name] / np.maximum(self.weights, 1e-12))

    def quietened(self, name: str, *, most: float) -> "ByUser":
        """With no user's sum above `most` mean weights of a user, up or down."""
        limit = most * float(self.weights.mean())
        return ByUser(self.weights, {name: np.clip(self.sums[name], -limit, limit)})


def by_user(pairs: PairSet, rules: Rules) -> ByUser:
    """Sum up each user's pairs; neither a pair nor a user outweighs the others.

    A user's pairs are scaled down together, so that the user's own mean stays as it is.
    """
    weights = pairs.weights
    if weights.size and weights.sum() > 0:
        weights = np.minimum(weights, rules.most_pair_weight * np.median(weights[weights > 0]))
    total = _summed(pairs, weights)
    if total.size and total.sum() > 0:
        most = rules.most_user_weight * np.median(total[total > 0])
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
    return ByUser(_summed(pairs, weights), sums)


class Resampling:
    """Samples of users, drawn with replacement; the same ones for every table of as many users.

    Samples do not depend on the data, so that comparisons may share them, and simulated nights too.
    """

    def __init__(self, *, draws: int, seed: int) -> None:
        self._draws = draws
        self._seed = seed
        self._kept: dict[int, list[npt.NDArray[np.float32]]] = {}

    def sums(self, table: Floats) -> Floats:
        """Column sums of every sample: (users, k) -> (draws, k)."""
        if not len(table):
            raise ValueError("there are no users to draw from")
        single = table.astype(np.float32)
        return np.concatenate([part @ single for part in self._parts(len(table))]).astype(float)

    def _parts(self, users: int) -> Iterable[npt.NDArray[np.float32]]:
        """How often each user was drawn in each sample, some samples at a time."""
        if self._draws * users > CELLS_KEPT:
            return self._drawn(users)
        if users not in self._kept:
            self._kept = {users: list(self._drawn(users)), **self._kept}
            while sum(self._draws * count for count in self._kept) > CELLS_KEPT:
                self._kept.popitem()
        return self._kept[users]

    def _drawn(self, users: int) -> Iterator[npt.NDArray[np.float32]]:
        rng = np.random.default_rng([self._seed, users])
        at_once = max(1, CELLS_AT_ONCE // users)
        for begin in range(0, self._draws, at_once):
            rows = min(at_once, self._draws - begin)
            chosen = rng.integers(users, size=(rows, users), dtype=np.int32).astype(np.int64)
            chosen += (np.arange(rows, dtype=np.int64) * users)[:, None]
            counts = np.bincount(chosen.ravel(), minlength=rows * users)
            yield counts.reshape(rows, users).astype(np.float32)


def intervals(users: ByUser, resampling: Resampling, *, tail: float = TAIL) -> dict[str, Interval]:
    """The weighted mean of every column over all pairs, users drawn again with replacement."""
    names = list(users.sums)
    table = np.stack([users.weights, *(users.sums[name] for name in names)], axis=1)
    drawn = resampling.sums(table)  # (draws, 1 + columns)
    means = drawn[:, 1:] / np.maximum(drawn[:, :1], 1e-12)
    low, high = np.percentile(means, [100 * tail, 100 * (1 - tail)], axis=0)
    value = table[:, 1:].sum(0) / max(float(table[:, 0].sum()), 1e-12)
    return {
        name: Interval(float(value[at]), float(low[at]), float(high[at]))
        for at, name in enumerate(names)
    }


def _summed(pairs: PairSet, values: npt.NDArray[np.float64]) -> Floats:
    return np.bincount(pairs.users, weights=values, minlength=pairs.user_count)
