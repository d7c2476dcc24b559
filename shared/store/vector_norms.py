"""Restore the norm of a vector that Qdrant has normalized to length 1."""

import numpy as np

from shared.domain.taste import ELEMENTS
from shared.embedding.protocol import Vectors


def restore_norm(stored: object) -> Vectors:
    """The vector as it was written: Qdrant normalizes vectors of cosine collections.

    A vector has length 1 when all five elements are known, and sqrt(known / 5) otherwise. Shape in
    and out: (5 x dimension,).
    """
    vector = np.asarray(stored, np.float32)
    blocks = vector.reshape(len(ELEMENTS), -1)
    known = int((np.linalg.norm(blocks, axis=1) > 0).sum())
    length = float(np.linalg.norm(vector))
    if not known or not length:
        return np.zeros_like(vector)
    scaled: Vectors = vector * np.float32(np.sqrt(known / len(ELEMENTS)) / length)
    return scaled
