"""Simulate users unlike the training users: held-out combinations and their own element weights.

The release counts all five elements equally, and these users do not. The appeal of an image to a
user is the weighted mean of its true digits (`training.prefersim.users.true_answers`); a viewed
image is clicked with a probability that depends on its appeal.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from shared.domain.taste import ELEMENTS, Element
from training.prefersim.users.true_answers import score_element
from training.prefersim.users.users import Kind, User, draw_user
from training.prefersim.values.vocabulary import SIZES, VALUES, Attributes

Floats = npt.NDArray[np.float64]
Rng = np.random.Generator
STREAM: Final = 0x5011
"""Between the seed and the user's number, so that no training draws the same users."""
WEIGHTS: Final[dict[Element, float]] = {
    Element.ART_STYLE: 0.10,
    Element.COLOR: 0.45,
    Element.MEDIUM: 0.05,
    Element.SATURATION: 0.30,
    Element.DETAIL: 0.10,
}
"""Mean element weights of this population, which the model can learn."""
CONCENTRATION: Final = 20.0
"""Of the users' weights around these means (Dirichlet): some users differ clearly."""
STEEPNESS: Final = 9.0
"""Slope of the click probability by appeal 0-1: .7 gets seven times the clicks of .4."""
HALF: Final = 0.62
"""Appeal at which half of the views become clicks."""
NOISE: Final = 0.05
"""Probability that a click is random."""
PATIENCE: Final = 0.82
"""Probability to view the next rank as well, from the second on: position bias."""
LIKE_APPEAL, DISLIKE_APPEAL = 0.75, 0.35
"""Appeal at which the probability of an explicit like, and of a dislike, is one half."""
EXPLICIT_STEEPNESS: Final = 12.0
"""Slope of these probabilities by appeal."""


@dataclass(frozen=True)
class SimulatedUser:
    """A taste, and how much each element counts for this user."""

    name: str
    taste: User
    weights: tuple[float, ...]
    """In element order, sum 1."""

    def appeal(self, shown: Attributes) -> Floats:
        """True appeal of images with these values, 0-1. (n, 5) -> (n,)"""
        tables = [
            np.array([self._digit(element, word) for word in VALUES[element]])
            for element in ELEMENTS
        ]
        digits = np.stack([table[shown[:, j]] for j, table in enumerate(tables)], axis=1)
        return np.asarray(digits @ np.array(self.weights) / 5.0, np.float64)

    def _digit(self, element: Element, word: str) -> float:
        return score_element(
            element, word, likes=self.taste.like_words[element],
            dislikes=self.taste.dislike_words[element],
        ).digit  # fmt: skip

    def with_drift(self, rng: Rng) -> "SimulatedUser":
        """The same user with another taste and the same weights."""
        return replace(self, taste=_taste(rng))


def draw_users(count: int, *, seed: int) -> list[SimulatedUser]:
    """The same users for a seed; the first ones are the same for any count."""
    return [_user(seed, number) for number in range(count)]


def viewed_ranks(rng: Rng, ranks: int) -> int:
    """How many ranks a user views from the top; always the first."""
    return 1 + int((np.cumprod(rng.random(ranks - 1) < PATIENCE)).sum()) if ranks else 0


def clicks(rng: Rng, appeal: Floats) -> npt.NDArray[np.bool_]:
    """Which viewed images are clicked, by their appeal. (n,) -> (n,)"""
    probability = 1 / (1 + np.exp(-STEEPNESS * (appeal - HALF)))
    is_random = rng.random(len(appeal)) < NOISE
    return np.where(is_random, rng.random(len(appeal)) < 0.5, rng.random(len(appeal)) < probability)


def explicit_feedback(
    rng: Rng, appeal: Floats, clicked: npt.NDArray[np.bool_], *, rate: float
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Which viewed images get an explicit like, and which a dislike. (n,), (n,)

    `rate` is the probability 0-1 that a user with a strong opinion states it. Only clicked images
    get a like, and only images without a click a dislike.
    """
    like = 1 / (1 + np.exp(-EXPLICIT_STEEPNESS * (appeal - LIKE_APPEAL)))
    dislike = 1 / (1 + np.exp(-EXPLICIT_STEEPNESS * (DISLIKE_APPEAL - appeal)))
    stated = rng.random(len(appeal)) < rate * np.where(clicked, like, dislike)
    return stated & clicked, stated & ~clicked


def draw_images(rng: Rng, count: int) -> Attributes:
    """Uniformly drawn values of images, held-out combinations among them. (n, 5)"""
    return np.stack([rng.integers(size, size=count) for size in SIZES], axis=1)


def _user(seed: int, number: int) -> SimulatedUser:
    rng = np.random.default_rng((seed, STREAM, number))
    weights = rng.dirichlet(CONCENTRATION * np.array([WEIGHTS[e] for e in ELEMENTS]))
    return SimulatedUser(f"sim-{seed}-{number}", _taste(rng), tuple(float(w) for w in weights))


def _taste(rng: Rng) -> User:
    # Half of the users like a combination that no training row shows.
    return draw_user(rng, Kind(multi=bool(rng.random() < 0.2), unseen=bool(rng.random() < 0.5)))
