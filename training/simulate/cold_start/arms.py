"""The ways in which a new user states opinions: on the feed, or on images that are shown first."""

from collections.abc import Sequence
from typing import Final, Literal

import numpy as np

from shared.embedding.images.telling_images import most_telling, visible_features
from training.simulate.catalog import Catalog
from training.simulate.users import SimulatedUser

Arm = Literal["feed", "asked", "asked at random"]
ARMS: Final[tuple[Arm, ...]] = ("feed", "asked", "asked at random")
LOOKED_AT: Final = 6
"""Ranks of a feed that the user looks at; the strongest opinion among them is stated."""


def most_telling_images(catalog: Catalog, numbers: Sequence[int], *, count: int) -> list[int]:
    """The images of the catalog to ask about, in this order, as the playground asks."""
    vectors = np.stack([visible_features(catalog.images[n].convert("RGB")) for n in numbers])
    return [numbers[place] for place in most_telling(vectors, known=(), count=count)]


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
