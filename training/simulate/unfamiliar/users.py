"""Simulate users who like and dislike unfamiliar styles and mediums, and some of them subjects.

A user has one liked and one disliked value of each element, one user in five has two of each. The
appeal of an image is the weighted mean of its true digits, by the rule of the simulator.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from shared.domain.taste import ELEMENTS, Element
from training.prefersim.users.true_answers import DISLIKED, LIKED, NEITHER, score_element
from training.prefersim.users.users import Words
from training.prefersim.values.vocabulary import Attributes
from training.simulate.unfamiliar.values import UNFAMILIAR_VALUES

Floats = npt.NDArray[np.float64]
Rng = np.random.Generator
STREAM: Final = 0x0F0E
"""Between the seed and the user's number, so that no other population draws the same users."""
WEIGHTS: Final[dict[Element, float]] = {
    Element.ART_STYLE: 0.40,
    Element.COLOR: 0.14,
    Element.MEDIUM: 0.22,
    Element.SATURATION: 0.10,
    Element.DETAIL: 0.14,
}
"""Mean element weights of this population: what the release misreads counts most."""
CONCENTRATION: Final = 25.0
"""Of the users' weights around these means (Dirichlet)."""
MULTI_SHARE: Final = 0.2
"""Users with two liked and two disliked values an element, as in the paper's data."""
SUBJECT_SHARE: Final = 1 / 3
"""Users who also like one subject and dislike another."""
MAX_SUBJECT_WEIGHT: Final = 0.5
"""Greatest part of their appeal that depends on the subject; uniform from 0."""
_SIZES: Final = tuple(len(UNFAMILIAR_VALUES[element]) for element in ELEMENTS)


@dataclass(frozen=True)
class UnfamiliarTaste:
    """Liked and disliked combinations, indices into `UNFAMILIAR_VALUES`: (1 or 2, 5) each."""

    likes: Attributes
    dislikes: Attributes

    @property
    def like_words(self) -> Words:
        return _words(self.likes)

    @property
    def dislike_words(self) -> Words:
        return _words(self.dislikes)


@dataclass(frozen=True)
class SubjectChoice:
    """Which subject a user likes and which not, and which part of the appeal (0-1) it decides."""

    liked: int
    disliked: int
    weight: float

    def appeal(self, subjects: npt.NDArray[np.int64]) -> Floats:
        """Appeal 0-1 of images with these subjects. (n,) -> (n,)"""
        digits = np.full(len(subjects), float(NEITHER))
        digits[subjects == self.liked] = LIKED
        digits[subjects == self.disliked] = DISLIKED
        return digits / LIKED


@dataclass(frozen=True)
class UnfamiliarUser:
    """A taste, and how much each element counts for this user."""

    name: str
    taste: UnfamiliarTaste
    weights: tuple[float, ...]
    """In element order, sum 1."""
    subject_taste: SubjectChoice | None = None

    def digits(self, shown: Attributes) -> Floats:
        """True digits 0-5 of images with these values. (n, 5 or 6) -> (n, 5)"""
        tables = [
            np.array([self._digit(element, word) for word in UNFAMILIAR_VALUES[element]])
            for element in ELEMENTS
        ]
        return np.stack([table[shown[:, j]] for j, table in enumerate(tables)], axis=1)

    def appeal(self, shown: Attributes) -> Floats:
        """True appeal 0-1; a sixth column of `shown` is the subject. (n, 5 or 6) -> (n,)"""
        look = np.asarray(self.digits(shown) @ np.array(self.weights) / LIKED, np.float64)
        taste = self.subject_taste
        if taste is None or shown.shape[1] == len(ELEMENTS):
            return look
        return (1 - taste.weight) * look + taste.weight * taste.appeal(shown[:, len(ELEMENTS)])

    def with_drift(self, rng: Rng) -> "UnfamiliarUser":
        """The same user with another taste and the same weights."""
        return replace(self, taste=_taste(rng))

    def _digit(self, element: Element, word: str) -> float:
        return float(
            score_element(
                element, word, likes=self.taste.like_words[element],
                dislikes=self.taste.dislike_words[element],
            ).digit
        )  # fmt: skip


def draw_users(count: int, *, seed: int, subjects: int) -> list[UnfamiliarUser]:
    """The same users for a seed; the first ones are the same for any count.

    `subjects` is the number of subjects that pictures show.
    """
    return [_user(seed, number, subjects) for number in range(count)]


def _user(seed: int, number: int, subjects: int) -> UnfamiliarUser:
    rng = np.random.default_rng((seed, STREAM, number))
    weights = rng.dirichlet(CONCENTRATION * np.array([WEIGHTS[e] for e in ELEMENTS]))
    taste = _taste(rng)
    choice = None
    if rng.random() < SUBJECT_SHARE:
        liked, disliked = rng.choice(subjects, size=2, replace=False)
        weight = float(rng.uniform(0, MAX_SUBJECT_WEIGHT))
        choice = SubjectChoice(int(liked), int(disliked), weight)
    return UnfamiliarUser(f"new-{seed}-{number}", taste, tuple(map(float, weights)), choice)


def _taste(rng: Rng) -> UnfamiliarTaste:
    tastes = 2 if rng.random() < MULTI_SHARE else 1
    columns = [rng.permutation(size)[: 2 * tastes] for size in _SIZES]
    values = np.stack(columns, axis=1)
    return UnfamiliarTaste(values[:tastes], values[tastes:])


def _words(rows: Attributes) -> Words:
    return {
        element: tuple(UNFAMILIAR_VALUES[element][k] for k in np.unique(rows[:, j]))
        for j, element in enumerate(ELEMENTS)
    }
