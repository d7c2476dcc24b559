"""Draw rows in proportion to their weights, in an order that a resumed run repeats."""

from collections.abc import Iterator, Sequence

import numpy as np
from torch.utils.data import Sampler


def weighted_order(weights: Sequence[float], *, seed: int) -> list[int]:
    """As many row numbers as there are weights, each drawn in proportion to its weight.

    Systematic sampling: a row is drawn its expected number of times, rounded up or down at random.
    Equal weights draw each row once. Raises `ValueError` without a positive weight.
    """
    shares = np.asarray(weights, np.float64)
    if not len(shares) or shares.min() < 0 or not 0 < shares.sum() < np.inf:
        raise ValueError("weights must be finite numbers from 0, and one of them above 0")
    rng = np.random.default_rng((seed, 0xD90))
    ends = np.cumsum(shares / shares.sum() * len(shares))
    ends[-1] = len(shares)  # rounding must not lose the last row
    points = rng.random() + np.arange(len(shares))
    rows = np.searchsorted(ends, points, side="right")
    return [int(row) for row in rng.permutation(np.minimum(rows, len(shares) - 1))]


class WeightedSampler(Sampler[int]):
    """A fixed order for a seed and an epoch; resumption relies on it."""

    def __init__(self, weights: Sequence[float], *, seed: int) -> None:
        self._weights, self._seed, self._epoch = tuple(weights), seed, 0

    def set_epoch(self, epoch: int) -> None:
        self._epoch = epoch

    def __len__(self) -> int:
        return len(self._weights)

    def __iter__(self) -> Iterator[int]:
        return iter(weighted_order(self._weights, seed=self._seed + self._epoch))
