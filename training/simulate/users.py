"""Simulated people unlike those the release was trained on: held-out combinations, own weights.

The release weighs all five elements alike, and these people do not. What a person thinks of an
image is the weighted mean of its true digits (`training.prefersim.users.true_answers`), and a click is chance
around it, given that the image was looked at at all.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from shared.domain.taste import ELEMENTS, Element
from training.prefersim.users.true_answers import judge
from training.prefersim.users.users import Kind, User, draw_user
from training.prefersim.values.vocabulary import SIZES, VALUES, Attributes

Floats = npt.NDArray[np.float64]
Rng = np.random.Generator
STREAM: Final = 0x5011
"""Stands between the seed and the person's number: no training draws from these."""
WEIGHTS: Final[dict[Element, float]] = {
    Element.ART_STYLE: 0.10,
    Element.COLOR: 0.45,
    Element.MEDIUM: 0.05,
    Element.SATURATION: 0.30,
    Element.DETAIL: 0.10,
}
"""How much each element counts to this population, on average: there is something to learn."""
CONCENTRATION: Final = 20.0
"""Of single people's weights about the population's (Dirichlet): some differ clearly."""
STEEPNESS: Final = 9.0
"""Of the chance to click, by appeal 0-1: an image of .7 is clicked seven times as often as .4."""
HALF: Final = 0.62
"""Appeal at which half of those who look click."""
NOISE: Final = 0.05
"""Chance that a person clicks or passes whatever they think."""
PATIENCE: Final = 0.82
"""Chance to look at the next place as well, from the second on: position bias."""
DELIGHT, DISGUST = 0.75, 0.35
"""Appeal at which half of those who say what they feel say so, for an image and against it."""
FEELING: Final = 12.0
"""How steeply the chance to say so rises beyond: what leaves people cool they pass over."""


@dataclass(frozen=True)
class Person:
    """One simulated person: what they like, and how much each element counts to them."""

    name: str
    taste: User
    weights: tuple[float, ...]
    """In element order; they sum to 1."""

    def appeal(self, shown: Attributes) -> Floats:
        """What they truly think of images with these values, 0-1. (n, 5) -> (n,)"""
        tables = [
            np.array([self._digit(element, word) for word in VALUES[element]])
            for element in ELEMENTS
        ]
        digits = np.stack([table[shown[:, j]] for j, table in enumerate(tables)], axis=1)
        return np.asarray(digits @ np.array(self.weights) / 5.0, np.float64)

    def _digit(self, element: Element, word: str) -> float:
        return judge(
            element, word, likes=self.taste.like_words[element],
            dislikes=self.taste.dislike_words[element],
        ).digit  # fmt: skip

    def shifted(self, rng: Rng) -> "Person":
        """The same person after a change of heart: another taste, the same weights."""
        return replace(self, taste=_taste(rng))


def draw_people(count: int, *, seed: int) -> list[Person]:
    """The same people for a seed, and the first ones the same for any count."""
    return [_person(seed, number) for number in range(count)]


def looked_at(rng: Rng, places: int) -> int:
    """How far down a slate a person looks: at the first place always."""
    return 1 + int((np.cumprod(rng.random(places - 1) < PATIENCE)).sum()) if places else 0


def clicks(rng: Rng, appeal: Floats) -> npt.NDArray[np.bool_]:
    """Who looks at images of this appeal clicks on these. (n,)"""
    chance = 1 / (1 + np.exp(-STEEPNESS * (appeal - HALF)))
    careless = rng.random(len(appeal)) < NOISE
    return np.where(careless, rng.random(len(appeal)) < 0.5, rng.random(len(appeal)) < chance)


def says(
    rng: Rng, appeal: Floats, clicked: npt.NDArray[np.bool_], *, outspoken: float
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Which of the images looked at are told to be liked, and which to be disliked. (n,), (n,)

    `outspoken`: share of the moments in which people who feel something say it, 0-1. Only what was
    clicked is told to be liked, and only what was passed to be disliked.
    """
    delight = 1 / (1 + np.exp(-FEELING * (appeal - DELIGHT)))
    disgust = 1 / (1 + np.exp(-FEELING * (DISGUST - appeal)))
    said = rng.random(len(appeal)) < outspoken * np.where(clicked, delight, disgust)
    return said & clicked, said & ~clicked


def draw_images(rng: Rng, count: int) -> Attributes:
    """Values of a catalogue's images, drawn evenly: held-out combinations are among them. (n, 5)"""
    return np.stack([rng.integers(size, size=count) for size in SIZES], axis=1)


def _person(seed: int, number: int) -> Person:
    rng = np.random.default_rng((seed, STREAM, number))
    weights = rng.dirichlet(CONCENTRATION * np.array([WEIGHTS[e] for e in ELEMENTS]))
    return Person(f"sim-{seed}-{number}", _taste(rng), tuple(float(w) for w in weights))


def _taste(rng: Rng) -> User:
    # Half of them like what no training row showed.
    return draw_user(rng, Kind(multi=bool(rng.random() < 0.2), unseen=bool(rng.random() < 0.5)))
