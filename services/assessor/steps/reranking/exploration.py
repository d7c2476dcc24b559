"""Swap neighbors at random with known probabilities (FairPairs), so that clicks are comparable.

FairPairs (Radlinski and Joachims, AAAI 2006): pairs of neighbors start at the first or the second
rank with equal probability, and each pair is swapped with probability 1/2. Both orders of a pair
are then equally likely, so a click on one of the two does not depend on which one was on top.
"""

import random
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final
from uuid import UUID

SWAP_PROBABILITY: Final = 0.5
"""Equal probability of both orders makes the clicks of a pair comparable."""


@dataclass(frozen=True)
class Place:
    """One rank of a slate as shown."""

    origin: int
    """Index of its image without exploration, from 0."""
    propensity: float
    """Probability that this image is shown here, over all random draws."""
    explored: bool
    """Whether exploration chose at random between this image and a neighbor."""


def fair_pairs(
    count: int, *, share: float, seed: UUID, fixed: Collection[int] = frozenset()
) -> tuple[Place, ...]:
    """The places of a slate of `count` images; a `share` of slates is explored.

    Images at the indexes `fixed` keep their place and are in no pair. The same seed gives the same
    places.
    """
    rng = random.Random(seed.int)
    # Both numbers are always drawn, and only with random(), whose sequence Python keeps stable.
    is_explored, start = rng.random() < share, int(rng.random() < SWAP_PROBABILITY)
    order, paired = list(range(count)), set[int]()
    if is_explored:
        for upper in range(start, count - 1, 2):
            if upper in fixed or upper + 1 in fixed:
                continue
            paired |= {upper, upper + 1}
            if rng.random() < SWAP_PROBABILITY:
                order[upper : upper + 2] = [upper + 1, upper]
    return tuple(
        Place(
            origin,
            propensity(origin, shown, count=count, share=share, fixed=fixed),
            shown in paired,
        )
        for shown, origin in enumerate(order)
    )


def propensity(
    origin: int, shown: int, *, count: int, share: float, fixed: Collection[int] = frozenset()
) -> float:
    """Probability that `fair_pairs` shows the image of index `origin` at index `shown`."""
    if origin in fixed or shown in fixed:
        return float(shown == origin)
    if shown != origin:
        # The slate is explored, the image is paired with exactly this neighbor, and swapped.
        return share * 0.5 * SWAP_PROBABILITY if abs(shown - origin) == 1 else 0.0
    neighbors = sum(
        0 <= neighbor < count and neighbor not in fixed for neighbor in (origin - 1, origin + 1)
    )
    return 1 - share * 0.5 * SWAP_PROBABILITY * neighbors
