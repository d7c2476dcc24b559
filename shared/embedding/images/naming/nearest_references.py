"""Find the references that an image is most like, and those that are typical of a side."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from shared.embedding.images.affinity import affinity
from shared.embedding.protocol import Vectors

NEAREST: Final = 4
"""References that are shown for an image or a side."""


@dataclass(frozen=True)
class SimilarReference:
    """A reference and its cosine to an image, -1 to 1."""

    image_id: str
    similarity: float


@dataclass(frozen=True)
class NearestReferences:
    """The references of each side that an image is most like, the most similar first."""

    liked: tuple[SimilarReference, ...]
    disliked: tuple[SimilarReference, ...]


def nearest_references(
    image: Vectors,
    *,
    liked: Mapping[str, Vectors],
    disliked: Mapping[str, Vectors],
    limit: int = NEAREST,
) -> NearestReferences:
    """The nearest references of each side; the sides map image ids to unit vectors (dimension,)."""
    return NearestReferences(_nearest(image, liked, limit), _nearest(image, disliked, limit))


def typical_references(
    own: Mapping[str, Vectors], other: Mapping[str, Vectors], *, limit: int = NEAREST
) -> list[str]:
    """Ids of the references of one side that are most like their side and least like the other."""
    if not own:
        return []
    vectors = np.stack(list(own.values()))
    others = np.stack(list(other.values())) if other else np.zeros((0, vectors.shape[1]))
    values = affinity(vectors, vectors, np.asarray(others, np.float32))
    # A stable sort: equal images stay in their order.
    order = np.argsort(-values, kind="stable")[:limit]
    ids = list(own)
    return [ids[index] for index in order]


def _nearest(
    image: Vectors, references: Mapping[str, Vectors], limit: int
) -> tuple[SimilarReference, ...]:
    if not references:
        return ()
    similarities = np.stack(list(references.values())) @ image
    order = np.argsort(-similarities, kind="stable")[:limit]
    ids = list(references)
    return tuple(SimilarReference(ids[index], float(similarities[index])) for index in order)
