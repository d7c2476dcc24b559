"""Hold all named vectors of an image in one vector, so that one search compares them together."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from shared.embedding.protocol import Vectors
from shared.store.catalog.images import VECTOR_NAMES, unit
from shared.store.qdrant import VectorSizes

COMBINED: Final = "combined"
"""Name of the vector in Qdrant; it is compared by the inner product."""


def combined_size(sizes: VectorSizes) -> int:
    return sum(sizes[name] for name in VECTOR_NAMES)


def combined_vector(vectors: Mapping[str, Vectors], sizes: VectorSizes) -> Vectors:
    """The unit vectors one after the other, zeros for an unknown one; (sum of dimensions,)."""
    return _joined({name: unit(vector) for name, vector in vectors.items()}, sizes)


def combined_direction(directions: Mapping[str, Vectors], sizes: VectorSizes) -> Vectors:
    """The directions one after the other in their lengths, zeros where there is none."""
    return _joined(directions, sizes)


def _joined(vectors: Mapping[str, Vectors], sizes: VectorSizes) -> Vectors:
    parts = [vectors.get(name, np.zeros(sizes[name])) for name in VECTOR_NAMES]
    joined: Vectors = np.concatenate(parts).astype(np.float32)
    return joined
