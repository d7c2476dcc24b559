"""Decide how much popularity counts: a prior of the ranking that fades with each reference.

The ranking score of a user with few references is a weighted mean of the user's own score of an
image and of its popularity. The share of popularity falls in a straight line and ends at
`ENOUGH_REFERENCES`. Each score varies more where it is surer: own scores where the references
differ clearly, popularity where images have many viewers. So a clear taste soon outweighs it.
"""

from dataclasses import dataclass
from math import exp
from typing import Final

MAX_SCORE: Final = 5.0
ENOUGH_REFERENCES: Final = 20
"""References from which popularity does not count: the user's own taste is known well."""
RATE_SCALE: Final = 0.15
"""Difference of rates, -1 to 1, that is one unit of the logistic curve. It is large on purpose, so
that three likes of other users do not outweigh one like of the user."""
DECIMALS: Final = 4


@dataclass(frozen=True)
class PopularityPrior:
    """The prior of one feed: how popular its images are, and how much that counts."""

    weight: float
    """Share of popularity in the score by which images rank, 0-1."""
    by_image: dict[str, float]
    """Popularity of each image, 0-5; 2.5 is the tenant's mean."""

    def total(self, own: float, image_id: str) -> float:
        """The score, 0-25, by which an image ranks, from the user's own score of it, 0-25."""
        popular = MAX_SCORE * self.by_image[image_id]
        return round((1 - self.weight) * own + self.weight * popular, DECIMALS)


def popularity_weight(references: int, *, greatest: float) -> float:
    """The share of popularity for a user with so many references, 0 to `greatest`."""
    left = max(ENOUGH_REFERENCES - references, 0) / ENOUGH_REFERENCES
    return round(greatest * left, DECIMALS)


def popularity_score(rate: float, *, mean: float) -> float:
    """The popularity of an image, 0-5, from its rate and the tenant's mean rate, -1 to 1.

    Rates are shrunk towards the mean (`Popularity.rates`), so an image with few viewers stays near
    2.5 and one with many can reach both ends.
    """
    return round(MAX_SCORE / (1 + exp(-(rate - mean) / RATE_SCALE)), DECIMALS)
