"""Choose the people and pictures of a simulation: those of the simulator, or unfamiliar ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np

from shared.domain.taste import Element
from training.prefersim.users.users import Words
from training.prefersim.values.vocabulary import VALUES, Attributes
from training.simulate import catalog, users
from training.simulate.catalog import Catalog
from training.simulate.unfamiliar.population import UnfamiliarPopulation
from training.simulate.unfamiliar.values import UNFAMILIAR_VALUES
from training.simulate.users import Floats

FAMILIAR: Final = "familiar"
UNFAMILIAR: Final = "unfamiliar"
NAMES: Final = (FAMILIAR, UNFAMILIAR)


class Tastes(Protocol):
    """What a user likes and dislikes, in words."""

    @property
    def like_words(self) -> Words: ...

    @property
    def dislike_words(self) -> Words: ...


class AnyUser(Protocol):
    """A user of any population."""

    @property
    def name(self) -> str: ...

    @property
    def taste(self) -> Tastes: ...

    @property
    def weights(self) -> tuple[float, ...]:
        """How much each element counts, in element order, sum 1."""
        ...

    def appeal(self, shown: Attributes) -> Floats:
        """True appeal 0-1 of images with these values. (n, 5 or 6) -> (n,)"""
        ...

    def with_drift(self, rng: np.random.Generator) -> "AnyUser":
        """The same user with another taste."""
        ...


class Population(Protocol):
    """Users, the catalog, and the references of each user; the same for a seed."""

    @property
    def vocabulary(self) -> Mapping[Element, Sequence[str]]:
        """The word of each number in the first five columns of `Catalog.shown`."""
        ...

    def draw_users(self, count: int, *, seed: int) -> Sequence[AnyUser]: ...

    def draw_catalog(self, count: int, *, seed: int, skew: float) -> Catalog: ...

    # Each population knows its own users only.
    def reference_images(self, user: Any, side: int, *, seed: int) -> tuple[Catalog, Catalog]:
        """`side` liked and `side` disliked images of one user."""
        ...


@dataclass(frozen=True)
class Familiar:
    """The simulator's drawings, on whose styles and words the release was trained."""

    subjects: bool = False
    """Users also like and dislike subjects."""

    @property
    def vocabulary(self) -> Mapping[Element, Sequence[str]]:
        return VALUES

    def draw_users(self, count: int, *, seed: int) -> Sequence[AnyUser]:
        return users.draw_users(count, seed=seed, subjects=self.subjects)

    def draw_catalog(self, count: int, *, seed: int, skew: float) -> Catalog:
        return catalog.draw_catalog(count, seed=seed, skew=skew, subjects=self.subjects)

    def reference_images(self, user: Any, side: int, *, seed: int) -> tuple[Catalog, Catalog]:
        return catalog.reference_images(user, side, seed=seed)


@dataclass(frozen=True)
class Unfamiliar:
    """Styles, mediums, words and pictures that are outside the training of the release."""

    drawn: UnfamiliarPopulation

    @property
    def vocabulary(self) -> Mapping[Element, Sequence[str]]:
        return UNFAMILIAR_VALUES

    def draw_users(self, count: int, *, seed: int) -> Sequence[AnyUser]:
        return self.drawn.draw_users(count, seed=seed)

    def draw_catalog(self, count: int, *, seed: int, skew: float) -> Catalog:
        return self.drawn.draw_catalog(count, seed=seed, skew=skew)

    def reference_images(self, user: Any, side: int, *, seed: int) -> tuple[Catalog, Catalog]:
        return self.drawn.reference_images(user, side, seed=seed)


def population_of(name: str, *, subjects: bool = False, packages: Path | None = None) -> Population:
    """The population of that name; raises ValueError for another name.

    `subjects` is for the familiar one; unfamiliar users always have some. `packages` is the folder
    of real pictures of the unfamiliar one; without it, it has drawn subjects.
    """
    if name == FAMILIAR:
        return Familiar(subjects)
    if name == UNFAMILIAR:
        return Unfamiliar(UnfamiliarPopulation.open(packages))
    raise ValueError(f"there is no population {name!r}; choose one of {', '.join(NAMES)}")
