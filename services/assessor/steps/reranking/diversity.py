"""Diversify a ranking by maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from services.assessor.steps.state import ScoredImage
from shared.embedding.protocol import Vectors

BEST_TOTAL: Final = 25.0

Floats = NDArray[np.float64]
Similarity = Callable[[ScoredImage, ScoredImage], float]
"""Similarity of two images, 0-1; 0 where it is unknown."""


def maximal_marginal_relevance(
    ranked: Sequence[ScoredImage], similarity: Similarity, *, weight: float, size: int
) -> list[ScoredImage]:
    """Choose the first `size` images one by one, by score minus similarity to those above.

    Score and similarity both run from 0 to 1, and `weight` is the share of similarity in the sum.
    The other images keep their order.
    """
    rest = list(ranked)
    nearest = [0.0] * len(rest)
    """Similarity of each remaining image to the most similar image above."""
    top: list[ScoredImage] = []
    while rest and len(top) < size:
        values = [
            (1 - weight) * max(image.ranking_total, 0.0) / BEST_TOTAL - weight * near
            for image, near in zip(rest, nearest, strict=True)
        ]
        best = max(range(len(rest)), key=values.__getitem__)
        last = rest.pop(best)
        del nearest[best]
        top.append(last)
        nearest = [
            max(near, similarity(image, last)) for image, near in zip(rest, nearest, strict=True)
        ]
    ranks_before = {id(image): rank for rank, image in enumerate(ranked)}
    return [
        replace(image, demoted=(*image.demoted, "diversity"))
        if ranks_before[id(image)] < rank
        else image
        for rank, image in enumerate([*top, *rest])
    ]


def varied_order(relevance: Floats, similarity: Floats, *, weight: float) -> list[int]:
    """The positions of all images by maximal marginal relevance, from arrays.

    `relevance` has the shape (n,) and `similarity` (n, n), both 0-1; `weight` is the share of
    similarity in the sum. The similarity to the images above is the mean of their greatest and
    their average one: with the greatest alone, the second half of two groups would come in a row.
    Of equal images the first one comes first.
    """
    rest = np.ones(len(relevance), bool)
    greatest, total = np.zeros(len(relevance)), np.zeros(len(relevance))
    order: list[int] = []
    for above in range(len(relevance)):
        near = (greatest + total / max(above, 1)) / 2
        values = np.where(rest, (1 - weight) * relevance - weight * near, -np.inf)
        best = int(np.argmax(values))
        order.append(best)
        rest[best] = False
        greatest = np.maximum(greatest, similarity[best])
        total += similarity[best]
    return order


def similarity_of(vectors: Mapping[str, Vectors]) -> Similarity:
    """Cosine of two description vectors by content hash: the mean over the five elements.

    0 when an image has no description, and never negative.
    """
    units = {content_hash: _unit(vector) for content_hash, vector in vectors.items()}

    def similarity(a: ScoredImage, b: ScoredImage) -> float:
        first = units.get(a.content_hash)
        second = units.get(b.content_hash)
        if first is None or second is None:
            return 0.0
        return max(float(first @ second), 0.0)

    return similarity


def _unit(vector: Vectors) -> Vectors:
    length = float(np.linalg.norm(vector))
    unit: Vectors = vector / np.float32(length) if length else vector
    return unit
