"""The ways in which a new user states opinions: on the feed, or on images that are shown first."""

from collections.abc import Sequence
from typing import Final, Literal

import numpy as np

from shared.embedding.images.telling_images import most_telling
from shared.embedding.protocol import Vectors
from training.simulate.catalog import Catalog
from training.simulate.users import SimulatedUser

Arm = Literal["feed", "asked", "asked at random"]
ARMS: Final[tuple[Arm, ...]] = ("feed", "asked", "asked at random")
LOOKED_AT: Final = 6
"""Ranks of a feed that the user looks at; the strongest opinion among them is stated."""


def most_telling_images(vectors: Vectors, numbers: Sequence[int], *, count: int) -> list[int]:
    """The images to show first, in this order, as the playground shows them.

    `vectors` are those of the image encoder for the whole catalog, shape (images, dimension).
    """
    chosen = most_telling(vectors[list(numbers)].astype(np.float64), known=(), count=count)
    return [numbers[place] for place in chosen]


def strongest_first(user: SimulatedUser, catalog: Catalog, shown: Sequence[int]) -> list[int]:
    """The images by the strength of the user's opinion: distance of the appeal from the mean."""
    distance = np.abs(user.appeal(catalog.shown[list(shown)]) - mean_appeal(user, catalog))
    return [shown[place] for place in np.argsort(-distance, kind="stable")]


def likes(user: SimulatedUser, catalog: Catalog, number: int) -> bool:
    """Whether the user likes an image, when asked: its appeal is above the user's mean."""
    appeal = float(user.appeal(catalog.shown[[number]])[0])
    return appeal >= mean_appeal(user, catalog)


def mean_appeal(user: SimulatedUser, catalog: Catalog) -> float:
    return float(user.appeal(catalog.shown).mean())
