"""Turn a user's taste into one linear query: a direction for each vector of an image.

The model's total is a weighted sum of six scores, and each score rises with a difference of
similarities: of the image's words to the liked and to the disliked words, and of the image to the
liked and to the disliked references. A sum of such differences is one inner product, so that one
search orders the catalog nearly as the model would.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from shared.domain.taste import ELEMENTS
from shared.domain.weights.ranking_weights import RankingWeights
from shared.domain.weights.retrieval_weights import SHIPPED, RetrievalWeights
from shared.embedding.protocol import Vectors
from shared.store.catalog.images import IMAGE_VECTOR
from shared.store.protocol import TasteVectors

MIN_GAP: Final = 0.2
"""Least distance between the liked and the disliked words of an element (1 - cosine) by which their
difference is divided: nearly equal words do not tell liked images from disliked ones."""
EQUAL_SHARE: Final = 1 / len(ELEMENTS)
"""Share of each element for a user whose weights are not known, who counts as going by the look."""


def taste_directions(
    words: TasteVectors | None,
    liked: Sequence[Vectors],
    disliked: Sequence[Vectors],
    *,
    weights: RankingWeights | None,
    factors: RetrievalWeights = SHIPPED,
) -> dict[str, Vectors]:
    """The directions by the name of a vector; empty for a user without words and references.

    `liked` and `disliked` are image vectors of references, (dimension,) each. A part that the user
    does not have, or that has no weight, is left out.
    """
    directions: dict[str, Vectors] = {}
    if words is not None:
        sides = (words.preference, words.non_preference)
        likes, dislikes = (side.reshape(len(ELEMENTS), -1) for side in sides)
        for row, element in enumerate(ELEMENTS):
            share = EQUAL_SHARE if weights is None else weights[element]
            direction = share * factors[element] * _difference(likes[row], dislikes[row])
            if direction.any():
                directions[element.value] = direction.astype(np.float32)
    share = 0.0 if weights is None else weights.subject
    if (len(liked) or len(disliked)) and share * factors.subject:
        between = _mean(liked) - _mean(disliked)
        direction = np.asarray(share * factors.subject * between, np.float32)
        if direction.any():
            directions[IMAGE_VECTOR] = direction
    return directions


def _difference(liked: Vectors, disliked: Vectors) -> Vectors:
    """The liked words minus the disliked ones, so that an image with the liked words has 1."""
    like, dislike = _unit(liked), _unit(disliked)
    gap = max(1 - float(like @ dislike), MIN_GAP)
    difference: Vectors = (like - dislike) / np.float32(gap)
    return difference


def _unit(vector: Vectors) -> Vectors:
    length = float(np.linalg.norm(vector))
    unit: Vectors = vector / np.float32(length if length else 1.0)
    return unit


def _mean(vectors: Sequence[Vectors]) -> Vectors | float:
    return np.mean(vectors, axis=0) if len(vectors) else 0.0
