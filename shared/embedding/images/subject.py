"""Score what images show, by their similarity to a user's liked and disliked references."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.embedding.images.affinity import affinity
from shared.embedding.protocol import Vectors

MIN_REFERENCES: Final = 3
"""References of each side without which nothing is known about the subject."""
MAX_SCORE: Final = 5.0
MIN_DEVIATION: Final = 0.01
"""Least deviation of affinities, so that a few nearly equal references are not overrated."""
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SubjectReferences:
    """The image vectors of a user's references: (liked, dimension) and (disliked, dimension)."""

    liked: Vectors
    disliked: Vectors

    @property
    def are_enough(self) -> bool:
        return min(len(self.liked), len(self.disliked)) >= MIN_REFERENCES

    def left_out(self) -> tuple[Floats, Floats]:
        """The affinity of each liked and of each disliked reference to all others."""
        return (
            _left_out(self.liked, others=self.disliked),
            -_left_out(self.disliked, others=self.liked),
        )

    def scores(self, images: Vectors) -> Floats:
        """Scores of images, 0-5: 2.5 half-way between the two sides, by a logistic curve.

        `images` has the shape (images, dimension).
        """
        liked, disliked = self.left_out()
        middle = (liked.mean() + disliked.mean()) / 2
        scale = _deviation(liked, disliked) + MIN_DEVIATION
        distance = (affinity(images, self.liked, self.disliked) - middle) / scale
        return np.asarray(MAX_SCORE / (1 + np.exp(-np.clip(distance, -50, 50))), np.float64)


def separation(liked: Sequence[float] | Floats, disliked: Sequence[float] | Floats) -> float:
    """Difference of the means of two groups of scores in standard deviations (d')."""
    first, second = np.asarray(liked, np.float64), np.asarray(disliked, np.float64)
    difference = float(first.mean() - second.mean())
    return difference / max(_deviation(first, second), MIN_DEVIATION)


def _left_out(side: Vectors, *, others: Vectors) -> Floats:
    """The affinity of each vector to the rest of its side, against the other side."""
    rest = (side.sum(axis=0) - side) / max(len(side) - 1, 1)  # (side, dimension)
    to_rest = np.einsum("nd,nd->n", side, rest)
    return np.asarray(to_rest - side @ others.mean(axis=0), np.float64)


def _deviation(first: Floats, second: Floats) -> float:
    """Pooled standard deviation of two groups that have two values each at least."""
    return float(np.sqrt((first.var(ddof=1) + second.var(ddof=1)) / 2))
