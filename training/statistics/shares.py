"""Shares with 95 % intervals in which users, not answers, are drawn again."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

DRAWS: Final = 2000
"""Bootstrap samples: the interval's ends move by less than half a point between seeds."""


@dataclass(frozen=True)
class Share:
    """A share 0-1 with its 95 % interval, over `count` answers of `users` users."""

    value: float
    low: float
    high: float
    count: int
    users: int

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f}-{self.high:.3f})"


def share(by_user: Sequence[Sequence[float]], *, seed: int) -> Share:
    """The mean of all answers, each 0-1; `by_user` holds the answers of one user together."""
    right = np.array([sum(answers) for answers in by_user], np.float64)  # (users,)
    count = np.array([len(answers) for answers in by_user], np.float64)  # (users,)
    if not count.sum():
        raise ValueError("There is no answer to take a share of.")
    drawn = _redrawn(right, count, seed=seed)
    low, high = np.percentile(drawn, [2.5, 97.5])
    value = float(right.sum() / count.sum())
    return Share(value, float(low), float(high), int(count.sum()), len(by_user))


def _redrawn(
    right: npt.NDArray[np.float64], count: npt.NDArray[np.float64], *, seed: int
) -> npt.NDArray[np.float64]:
    """The share in DRAWS samples of as many users, with replacement."""
    rng = np.random.default_rng(seed)
    chosen = rng.integers(len(right), size=(DRAWS, len(right)))  # (DRAWS, users)
    return np.asarray(right[chosen].sum(1) / np.maximum(count[chosen].sum(1), 1))
