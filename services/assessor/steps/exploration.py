"""Swap neighbours by chance with known probabilities, so that clicks on them can be compared.

FairPairs (Radlinski and Joachims, AAAI 2006): pairs of neighbours start at the first or the second
place with equal chance, and each is swapped with probability 1/2. Within a pair both orders are
then equally likely, so which of the two is clicked owes nothing to who stood above.
"""

import random
from dataclasses import dataclass
from uuid import UUID

SWAPPED = 0.5
"""Probability that a pair is swapped: equal chances are what makes its clicks comparable."""


@dataclass(frozen=True)
class Place:
    """One place of a slate as shown."""

    origin: int
    """Where its image would have stood without exploration, from 0."""
    propensity: float
    """Probability that this image stood here, over all the chance there was."""
    explored: bool
    """Whether chance decided between this image and a neighbour."""


def fair_pairs(count: int, *, share: float, seed: UUID) -> tuple[Place, ...]:
    """The places of a slate of `count`, a `share` of slates explored; the same for a seed."""
    dice = random.Random(seed.int)
    # Drawn whatever follows, and by random() alone, whose sequence Python promises to keep.
    explores, first = dice.random() < share, int(dice.random() < SWAPPED)
    order, paired = list(range(count)), set[int]()
    if explores:
        for upper in range(first, count - 1, 2):
            paired |= {upper, upper + 1}
            if dice.random() < SWAPPED:
                order[upper : upper + 2] = [upper + 1, upper]
    return tuple(
        Place(origin, propensity(origin, shown, count=count, share=share), shown in paired)
        for shown, origin in enumerate(order)
    )


def propensity(origin: int, shown: int, *, count: int, share: float) -> float:
    """Probability that `fair_pairs` shows the image of one place at another."""
    if shown != origin:
        # Explored, paired with just that neighbour, swapped.
        return share * 0.5 * SWAPPED if abs(shown - origin) == 1 else 0.0
    neighbours = (origin > 0) + (origin < count - 1)
    return 1 - share * 0.5 * SWAPPED * neighbours
