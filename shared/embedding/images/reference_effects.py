"""Measure what references add to a subject score: the score with them minus without them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from shared.embedding.images.subject import MAX_SCORE, Floats, SubjectReferences
from shared.embedding.protocol import Vectors

NEUTRAL: Final = MAX_SCORE / 2
"""The score when nothing is known about the subject."""
MIN_EFFECT: Final = 0.001
"""Least effect that counts, in points of the score: a feed shows four decimals."""
Mask = NDArray[np.bool_]
Side = Literal["liked", "disliked"]


@dataclass(frozen=True)
class SideEffects:
    """What the references of one side add to each image; shape (images, references) each."""

    similarity: Floats
    """Cosine of image and reference."""
    points: Floats
    """Points of the score (0-5) that the reference alone adds; negative: it takes points away."""
    resembles: Mask
    """The references that the image resembles. Without all of them the score would move away from
    their side; no image resembles a side otherwise."""


def reference_effects(
    references: SubjectReferences, images: Vectors
) -> tuple[SideEffects, SideEffects]:
    """The effects of the liked and of the disliked references on images, (images, dimension).

    Each reference is left out once and the images are scored again, so an effect is exactly the
    amount by which the score falls without the reference. An image resembles a reference that is
    nearer than half-way between the mean similarities of the two sides; the background stands for a
    side without references. Raises ValueError unless `references.can_score`.
    """
    liked = _similarity(images, references.liked)
    disliked = _similarity(images, references.disliked)
    background = _similarity(images, references.background)
    middle = (_mean(liked, background) + _mean(disliked, background)) / 2
    scores = references.scores(images)
    return (
        _effects("liked", references, images, scores, liked, liked >= middle[:, None]),
        _effects("disliked", references, images, scores, disliked, disliked >= middle[:, None]),
    )


def effect_of_group(
    side: Side, references: SubjectReferences, rows: Sequence[int], image: Vectors
) -> float:
    """Points of the score of an image, (dimension,), that these references of a side add."""
    images = image[None]
    rest = _scores_without(side, references, np.asarray(rows, np.intp), images)
    return float(references.scores(images)[0] - rest[0])


def _similarity(images: Vectors, others: Vectors) -> Floats:
    if not len(others):
        return np.zeros((len(images), 0))
    return np.asarray(images @ others.T, np.float64)


def _mean(side: Floats, background: Floats) -> Floats:
    """The mean similarity of each image to a side, or to the background; (images,)."""
    rows = side if side.shape[1] else background
    mean: Floats = rows.mean(axis=1) if rows.shape[1] else np.zeros(len(rows))
    return mean


def _effects(
    side: Side,
    references: SubjectReferences,
    images: Vectors,
    scores: Floats,
    similarity: Floats,
    near: Mask,
) -> SideEffects:
    sign = 1.0 if side == "liked" else -1.0
    count = similarity.shape[1]
    if not count:
        return SideEffects(similarity, np.zeros_like(similarity), near)
    points = np.stack(
        [scores - _scores_without(side, references, row, images) for row in range(count)], axis=1
    )
    resembles = near.copy()
    for row, own in enumerate(near):
        rest = _scores_without(side, references, np.flatnonzero(own), images[row : row + 1])
        if sign * (scores[row] - rest[0]) < MIN_EFFECT:
            resembles[row] = False
    return SideEffects(similarity, points, resembles)


def _scores_without(
    side: Side, references: SubjectReferences, rows: int | NDArray[np.intp], images: Vectors
) -> Floats:
    if side == "liked":
        rest = replace(references, liked=np.delete(references.liked, rows, axis=0))
    else:
        rest = replace(references, disliked=np.delete(references.disliked, rows, axis=0))
    return rest.scores(images) if rest.can_score else np.full(len(images), NEUTRAL)
