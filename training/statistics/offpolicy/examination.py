"""Measure how often users look at each rank, and how often logging gave an image a look.

The position-based click model (Richardson et al. 2007; Craswell et al. 2008): a user looks at a
rank with a probability that depends on the rank only, and clicks what is looked at with a
probability that depends on the image only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from training.statistics.offpolicy.decisions import Floats, Ints

SWAPPED: Final = 0.5
"""FairPairs shows an image at its own rank with at least this probability, and at a neighbor's rank
with at most half of it."""


def look_rates(shown: Floats, viewed: Floats) -> Floats:
    """Share of slates in which each rank was looked at, from counts by rank. (k,), (k,) -> (k,)

    Half a look is added, so that a rank that nobody has looked at yet is rare and not impossible.
    """
    return np.asarray((viewed + 0.5) / (shown + 1.0), np.float64)


@dataclass(frozen=True)
class Placements:
    """The ranks from 0 that chance could give each image, and with which probability. (n, 3) each

    The first column is the image's rank without exploration; unused columns have probability 0.
    """

    ranks: Ints
    probabilities: Floats

    def looks(self, rates: Floats) -> Floats:
        """Probability of a look at each image, from the look rates of the ranks. (n,)"""
        return np.asarray((self.probabilities * rates[self.ranks]).sum(axis=1), np.float64)


@lru_cache(maxsize=4_096)
def placements(propensities: tuple[float, ...], explored: tuple[bool, ...]) -> Placements:
    """The placements of a slate by FairPairs, from what its feed logs, in the order shown. (k,)

    `propensities` are those of the feed: of this rank for this image. An image that chance moved
    has a small one. An image that was placed in another way counts as placed where it is.
    """
    count = len(propensities)
    ranks = np.tile(np.arange(count)[:, None], (1, 3))
    probabilities = np.tile([1.0, 0.0, 0.0], (count, 1))
    for shown, propensity in enumerate(propensities):
        moved_from = _partner(shown, propensities, explored) if propensity < SWAPPED else shown
        if moved_from is None:
            continue
        neighbors = [n for n in (moved_from - 1, moved_from + 1) if 0 <= n < count]
        move = propensity if moved_from != shown else (1 - propensity) / max(len(neighbors), 1)
        ranks[shown, : 1 + len(neighbors)] = [moved_from, *neighbors]
        probabilities[shown, : 1 + len(neighbors)] = [
            1 - move * len(neighbors), *(move for _ in neighbors)
        ]  # fmt: skip
    return Placements(ranks, probabilities)


def _partner(shown: int, propensities: Sequence[float], explored: Sequence[bool]) -> int | None:
    """The rank with which the image at this rank was swapped: both were moved by chance."""
    moved = [
        n
        for n in (shown - 1, shown + 1)
        if 0 <= n < len(propensities) and explored[n] and propensities[n] < SWAPPED
    ]
    if not explored[shown] or not moved:
        return None
    if len(moved) == 1:
        return moved[0]
    # Moved images come two by two from the first one of a run.
    first = shown
    while first and explored[first - 1] and propensities[first - 1] < SWAPPED:
        first -= 1
    return shown + 1 if (shown - first) % 2 == 0 else shown - 1
