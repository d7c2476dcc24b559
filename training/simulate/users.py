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
from training.prefersim.drawing.held_out_subjects import HELD_OUT_SUBJECTS
from training.prefersim.users.true_answers import DISLIKED, LIKED, NEITHER, score_element
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


SUBJECT_STREAM: Final = 0x5B1E
"""Between the seed and the user's number: the taste of subjects changes no other draw."""
MAX_SUBJECT_WEIGHT: Final = 0.8
"""Greatest part of the appeal that depends on the subject; uniform from 0 over the users."""
SKEWED: Final = (Element.ART_STYLE, Element.COLOR)
"""Elements of which one value is frequent in a skewed catalog."""


@dataclass(frozen=True)
class SubjectTaste:
    """Which subject a user likes, which one not, and how much the subject counts."""

    liked: int
    disliked: int
    weight: float
    """Part of the appeal, 0-1; the five elements have the rest."""

    def appeal(self, subjects: npt.NDArray[np.int64]) -> Floats:
        """Appeal 0-1 of images with these subjects, on the scale of the elements. (n,) -> (n,)"""
        digits = np.full(len(HELD_OUT_SUBJECTS), NEITHER, np.float64)
        digits[self.liked], digits[self.disliked] = LIKED, DISLIKED
        return np.asarray(digits[subjects] / LIKED, np.float64)


@dataclass(frozen=True)
class SimulatedUser:
    """A taste, and how much each element counts for this user."""

    name: str
    taste: User
    weights: tuple[float, ...]
    """In element order, sum 1."""
    subject_taste: SubjectTaste | None = None
    """None: subjects do not count, as in all catalogs without them."""

    def appeal(self, shown: Attributes) -> Floats:
        """True appeal of images with these values, 0-1. (n, 5), or (n, 6) with subjects -> (n,)"""
        tables = [
            np.array([self._digit(element, word) for word in VALUES[element]])
            for element in ELEMENTS
        ]
        digits = np.stack([table[shown[:, j]] for j, table in enumerate(tables)], axis=1)
        look = np.asarray(digits @ np.array(self.weights) / 5.0, np.float64)
        if self.subject_taste is None or shown.shape[1] == len(ELEMENTS):
            return look
        weight = self.subject_taste.weight
        return (1 - weight) * look + weight * self.subject_taste.appeal(shown[:, len(ELEMENTS)])

    def _digit(self, element: Element, word: str) -> float:
        return score_element(
            element, word, likes=self.taste.like_words[element],
            dislikes=self.taste.dislike_words[element],
        ).digit  # fmt: skip

    def with_drift(self, rng: Rng) -> "SimulatedUser":
        """The same user with another taste and the same weights."""
        return replace(self, taste=_taste(rng))


def draw_users(count: int, *, seed: int, subjects: bool = False) -> list[SimulatedUser]:
    """The same users for a seed; the first ones are the same for any count.

    With `subjects` each also likes one held-out subject and dislikes another.
    """
    users = [_user(seed, number) for number in range(count)]
    if not subjects:
        return users
    return [
        replace(user, subject_taste=_subject_taste(seed, number))
        for number, user in enumerate(users)
    ]


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


def draw_images(rng: Rng, count: int, *, skew: float = 0.0, subjects: bool = False) -> Attributes:
    """Drawn values of images, held-out combinations among them. (n, 5), or (n, 6) with subjects

    `skew` is the additional share of the images that show one frequent value of art style and of
    color; the other values are uniform. A sixth column is the number of a held-out subject.
    """
    shown = np.stack([rng.integers(size, size=count) for size in SIZES], axis=1)
    if skew > 0:
        for element in SKEWED:
            column = ELEMENTS.index(element)
            frequent = rng.integers(SIZES[column])
            shown[rng.random(count) < skew, column] = frequent
    if subjects:
        drawn = rng.integers(len(HELD_OUT_SUBJECTS), size=count)
        shown = np.column_stack([shown, drawn])
    return shown


def _user(seed: int, number: int) -> SimulatedUser:
    rng = np.random.default_rng((seed, STREAM, number))
    weights = rng.dirichlet(CONCENTRATION * np.array([WEIGHTS[e] for e in ELEMENTS]))
    return SimulatedUser(f"sim-{seed}-{number}", _taste(rng), tuple(float(w) for w in weights))


def _subject_taste(seed: int, number: int) -> SubjectTaste:
    rng = np.random.default_rng((seed, SUBJECT_STREAM, number))
    liked, disliked = rng.choice(len(HELD_OUT_SUBJECTS), size=2, replace=False)
    return SubjectTaste(int(liked), int(disliked), float(rng.uniform(0, MAX_SUBJECT_WEIGHT)))


def _taste(rng: Rng) -> User:
    # Half of the users like a combination that no training row shows.
    return draw_user(rng, Kind(multi=bool(rng.random() < 0.2), unseen=bool(rng.random() < 0.5)))
