"""Score what images show, by their similarity to a user's liked and disliked references."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.embedding.images.affinity import affinity
from shared.embedding.protocol import Vectors

MIN_REFERENCES: Final = 3
"""References of each side from which the separation of both sides is reported."""
MIN_TO_COMPARE: Final = 2
"""References of each side with which both sides give the scale of the scores. Where one side has
fewer, other images are compared too: as many are needed at least."""
MAX_SCORE: Final = 5.0
MIN_DEVIATION: Final = 0.01
"""Least deviation of affinities, so that a few nearly equal references are not overrated."""
EXPECTED_GAP: Final = 2.0
"""Affinity of liked images above the background, in its standard deviations, where a user has one
like: measured 0.7 to 1.7 with real pictures (training/LOG.md). A higher value is more careful."""
MIN_GAP: Final = 0.5
"""Least such difference: references that are as far from each other as any images are."""
PRIOR_DEVIATION: Final = 0.1
PRIOR_IMAGES: Final = 4.0
"""Standard deviation of the cosine of two unrelated pictures, which counts as that of four images:
two or three other images give no scale."""
Floats = NDArray[np.float64]


def no_vectors() -> Vectors:
    """A side or a background without images; it fits vectors of every dimension."""
    return np.zeros((0, 0), np.float32)


@dataclass(frozen=True)
class SubjectReferences:
    """The image vectors of a user's references: (liked, dimension) and (disliked, dimension)."""

    liked: Vectors
    disliked: Vectors
    background: Vectors = field(default_factory=no_vectors)
    """Other images of the user's tenant, (images, dimension): what a side without enough references
    is compared with."""

    @property
    def are_enough(self) -> bool:
        """Whether the references alone show well what separates the two sides."""
        return min(len(self.liked), len(self.disliked)) >= MIN_REFERENCES

    @property
    def can_score(self) -> bool:
        """Whether images can be scored: also with one like, where a background is known."""
        smaller, larger = sorted((len(self.liked), len(self.disliked)))
        has_background = len(self.background) >= MIN_TO_COMPARE
        return smaller >= MIN_TO_COMPARE or (larger >= 1 and has_background)

    def left_out(self) -> tuple[Floats, Floats]:
        """The affinity of each liked and of each disliked reference to all others."""
        return (
            _left_out(self.liked, others=self.disliked),
            -_left_out(self.disliked, others=self.liked),
        )

    def background_affinity(self) -> Floats:
        """The affinity of the background to the references; (images,)."""
        if not len(self.background):
            return np.zeros(0)
        return np.asarray(affinity(self.background, self.liked, self.disliked), np.float64)

    def scores(self, images: Vectors) -> Floats:
        """Scores of images, 0-5: 2.5 half-way between the two sides, by a logistic curve.

        `images` has the shape (images, dimension). A side without references is where the
        background is. Raises ValueError unless `can_score`.
        """
        distances = affinity(images, self.liked, self.disliked).astype(np.float64)
        return self._on_scale(distances)

    def left_out_scores(self) -> tuple[Floats, Floats]:
        """The scores of the liked and of the disliked references, 0-5, each without itself.

        Raises ValueError unless `can_score`.
        """
        liked, disliked = self.left_out()
        return self._on_scale(liked), self._on_scale(disliked)

    def _on_scale(self, affinities: Floats) -> Floats:
        middle, scale = self._scale()
        distance = np.clip((affinities - middle) / scale, -50, 50)
        return np.asarray(MAX_SCORE / (1 + np.exp(-distance)), np.float64)

    def _scale(self) -> tuple[float, float]:
        """The affinity half-way between the two sides, and the deviation within a side."""
        liked, disliked = self.left_out()
        if min(len(liked), len(disliked)) >= MIN_TO_COMPARE:
            middle = float(liked.mean() + disliked.mean()) / 2
            return middle, _deviation(liked, disliked) + MIN_DEVIATION
        if not self.can_score:
            raise ValueError(
                f"{len(self.liked)} liked and {len(self.disliked)} disliked references and"
                f" {len(self.background)} other images give no scale; check `can_score` first"
            )
        base = self.background_affinity()
        groups = [group for group in (liked, disliked, base) if len(group) >= MIN_TO_COMPARE]
        scale = _pooled_deviation(groups, PRIOR_DEVIATION)
        low, high = _sides(liked, disliked, base, scale)
        return (low + high) / 2, scale + MIN_DEVIATION


def separation(
    liked: Sequence[float] | Floats, disliked: Sequence[float] | Floats, *, prior_deviation: float
) -> float:
    """Difference of the means of two groups of scores in standard deviations (d').

    A few scores can be nearly equal by chance. The deviation is therefore shrunk towards
    `prior_deviation`, that of unrelated images, which counts as four images (Tusher, Tibshirani and
    Chu, PNAS 98, 2001, add a constant to the deviations of gene scores for the same reason).
    """
    first, second = np.asarray(liked, np.float64), np.asarray(disliked, np.float64)
    difference = float(first.mean() - second.mean())
    return difference / _pooled_deviation([first, second], prior_deviation)


def _sides(liked: Floats, disliked: Floats, base: Floats, scale: float) -> tuple[float, float]:
    """The affinities at which images count as disliked and as liked."""
    middle = float(base.mean())
    least, expected = MIN_GAP * scale, EXPECTED_GAP * scale
    low = high = middle
    if len(liked):
        # A single reference cannot be compared with others of its side.
        high = max(float(liked.mean()), middle + least) if len(liked) > 1 else middle + expected
    if len(disliked):
        lower = float(disliked.mean())
        low = min(lower, middle - least) if len(disliked) > 1 else middle - expected
    return low, high


def _left_out(side: Vectors, *, others: Vectors) -> Floats:
    """The affinity of each vector to the rest of its side, against the other side."""
    if not len(side):
        return np.zeros(0)
    rest = (side.sum(axis=0) - side) / max(len(side) - 1, 1)  # (side, dimension)
    to_rest = np.einsum("nd,nd->n", side, rest)
    to_others = side @ others.mean(axis=0) if len(others) else np.zeros(len(side))
    return np.asarray(to_rest - to_others, np.float64)


def _deviation(first: Floats, second: Floats) -> float:
    """Pooled standard deviation of two groups that have two values each at least."""
    return float(np.sqrt((first.var(ddof=1) + second.var(ddof=1)) / 2))


def _pooled_deviation(groups: Sequence[Floats], prior_deviation: float) -> float:
    """Standard deviation within the groups, with a prior of a few images."""
    squares = sum(float(group.var()) * len(group) for group in groups)
    degrees = sum(len(group) - 1 for group in groups)
    prior = PRIOR_IMAGES * prior_deviation**2
    return float(np.sqrt((squares + prior) / (degrees + PRIOR_IMAGES)))
