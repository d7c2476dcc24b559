"""Draw the users, the catalog and the references of the unfamiliar population from a seed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from training.prefersim.values.vocabulary import Attributes
from training.simulate.catalog import Catalog, uri_of
from training.simulate.unfamiliar.pictures import (
    Scenery,
    draw_images,
    draw_values,
    drawn_scenery,
    picture_scenery,
    reference_values,
)
from training.simulate.unfamiliar.users import UnfamiliarUser, draw_users

CATALOG_STREAM: Final = 0xCA7B
REFERENCE_STREAM: Final = 0x4EF6


@dataclass(frozen=True)
class UnfamiliarPopulation:
    """People and pictures that the release does not know."""

    scenery: Scenery

    @classmethod
    def open(cls, packages: Path | None) -> "UnfamiliarPopulation":
        """With pictures of packages, downloaded once into a folder; None: drawn subjects.

        Raises `CannotFetch`.
        """
        return cls(drawn_scenery() if packages is None else picture_scenery(packages))

    def draw_users(self, count: int, *, seed: int) -> list[UnfamiliarUser]:
        """The same users for a seed; the first ones are the same for any count."""
        return draw_users(count, seed=seed, subjects=len(self.scenery.subjects))

    def draw_catalog(self, count: int, *, seed: int, skew: float = 0.0) -> Catalog:
        """The same images for a seed."""
        rng = np.random.default_rng((seed, CATALOG_STREAM))
        shown = draw_values(rng, count, skew=skew, subjects=len(self.scenery.subjects))
        return self._catalog(shown, rng)

    def reference_images(
        self, user: UnfamiliarUser, side: int, *, seed: int
    ) -> tuple[Catalog, Catalog]:
        """`side` liked and `side` disliked images with which a user starts."""
        number = int(user.name.rpartition("-")[2])
        rng = np.random.default_rng((seed, REFERENCE_STREAM, number))
        liked, disliked = reference_values(user, side, rng, subjects=len(self.scenery.subjects))
        return self._catalog(liked, rng), self._catalog(disliked, rng)

    def _catalog(self, shown: Attributes, rng: np.random.Generator) -> Catalog:
        images = draw_images(self.scenery, shown, rng)
        return Catalog(shown, tuple(images), tuple(map(uri_of, images)))
