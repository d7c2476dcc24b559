"""Draw simulated users with two joint tastes: whole combinations, not single words, are liked."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from shared.domain.taste import ELEMENTS
from training.prefersim.users.candidates import Pair
from training.prefersim.users.true_answers import true_total
from training.prefersim.users.users import User, references, words_in
from training.prefersim.values.vocabulary import SIZES, Attributes, words_of

MIXED_SHARE: Final = 1 / 3
"""Share of the candidates that mix values of both tastes: each value is liked, the whole is not."""
WORSE: Final = ("other taste", "neutral", "disliked")
"""Value of the worse image of a pair in the element in which they differ; the better image has the
value of its taste."""
MOST_CONTRADICTING: Final = 2
"""References of a side that show the other side, as on the hard level of the benchmark."""


@dataclass(frozen=True)
class JointUser:
    """A user of whom each row of `likes` is one taste, liked as a whole; (2, 5)."""

    user: User

    def relevance(self, rows: Attributes) -> npt.NDArray[np.int64]:
        """The true score of each candidate by the taste that it fits best, 0-25. (n, 5) -> (n,)"""
        dislikes = self.user.dislike_words
        tastes = [words_in([taste]) for taste in self.user.likes]
        return np.array(
            [
                max(true_total(words_of(row), likes=likes, dislikes=dislikes) for likes in tastes)
                for row in rows
            ]
        )


def joint_references(
    rng: np.random.Generator, side: Attributes, other: Attributes, count: int
) -> Attributes:
    """References of one side, equal shares of its tastes; one or two contradict. (count, 5)"""
    contradicting = int(rng.integers(1, MOST_CONTRADICTING + 1))
    values = [
        references(rng, side, count - contradicting),
        references(rng, other, contradicting),
    ]
    return np.asarray(rng.permutation(np.concatenate(values)))


def joint_slate(rng: np.random.Generator, user: User, count: int = 20) -> Attributes:
    """Candidates from all-liked to none, of one taste or mixed from both: (count, 5)."""
    rows = np.empty((count, len(ELEMENTS)), np.int64)
    for row, liked_share in zip(rows, rng.permutation(np.linspace(0, 1, count)), strict=True):
        taste = int(rng.integers(len(user.likes)))
        is_mixed = rng.random() < MIXED_SHARE
        for element in range(len(ELEMENTS)):
            source = int(rng.integers(len(user.likes))) if is_mixed else taste
            if rng.random() < liked_share:
                row[element] = user.likes[source, element]
            else:
                row[element] = _value(rng, user, element, rng.choice(["neutral", "disliked"]))
    return rows


def joint_pair(rng: np.random.Generator, joint: JointUser) -> Pair:
    """Candidates near one taste that differ in one element, with different true scores."""
    user = joint.user
    while True:
        taste = int(rng.integers(len(user.likes)))
        element, changed = rng.permutation(len(ELEMENTS))[:2]
        better = user.likes[taste].copy()
        better[changed] = _value(rng, user, changed, rng.choice(["neutral", "disliked"]))
        worse = better.copy()
        kind = rng.choice(WORSE)
        is_other = kind == "other taste"
        worse[element] = (
            user.likes[1 - taste, element] if is_other else _value(rng, user, element, kind)
        )
        scores = joint.relevance(np.stack([better, worse]))
        if scores[0] > scores[1]:
            return Pair(better, worse, int(element))


def free_references(
    rng: np.random.Generator, side: Attributes, other: Attributes, count: int
) -> Attributes:
    """References of a user who likes words in any combination; one or two contradict. (count, 5)"""
    contradicting = int(rng.integers(1, MOST_CONTRADICTING + 1))
    tastes = rng.integers(len(side), size=(count, len(ELEMENTS)))
    values = side[tastes, np.arange(len(ELEMENTS))]
    values[:contradicting] = references(rng, other, contradicting)
    return np.asarray(rng.permutation(values))


def _value(rng: np.random.Generator, user: User, element: int, kind: str) -> int:
    """A neutral or a disliked value; a disliked one where the user leaves no neutral value."""
    taken = np.concatenate([user.likes[:, element], user.dislikes[:, element]])
    neutral = np.setdiff1d(np.arange(SIZES[element]), taken)
    if kind == "neutral" and len(neutral):
        return int(rng.choice(neutral))
    return int(rng.choice(user.dislikes[:, element]))
