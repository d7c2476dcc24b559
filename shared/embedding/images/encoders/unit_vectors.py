"""Check the vectors that a model returns, and scale them to length 1."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from shared.domain.errors import Unprocessable
from shared.embedding.images.protocol import UnreadableImages
from shared.embedding.protocol import Vectors

MIN_NORM: Final = 1e-6
"""Shorter vectors have no direction in float32."""


def unit_vector(values: ArrayLike) -> Vectors:
    """The vector at length 1; raises `Unprocessable` when it has no direction."""
    # In float64: the squares of large float32 values overflow.
    vector = np.asarray(values, np.float64)
    if not np.isfinite(vector).all():
        raise Unprocessable(
            "image_vector_not_finite",
            "the image encoder returned a vector with NaN or infinity for this image",
        )
    norm = float(np.linalg.norm(vector))
    if norm < MIN_NORM:
        raise Unprocessable(
            "image_vector_zero", "the image encoder returned a vector of zeros for this image"
        )
    return (vector / norm).astype(np.float32)


def rows(results: Sequence[Vectors | Unprocessable], *, dimension: int) -> Vectors:
    """All vectors as rows, shape (len(results), dimension); raises `UnreadableImages`."""
    reasons = {n: result for n, result in enumerate(results) if isinstance(result, Unprocessable)}
    vectors = {n: result for n, result in enumerate(results) if isinstance(result, np.ndarray)}
    if reasons:
        raise UnreadableImages(vectors=vectors, reasons=reasons)
    return np.stack(list(vectors.values())) if vectors else np.zeros((0, dimension), np.float32)
