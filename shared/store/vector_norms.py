"""Give vectors back the length that a store of directions has taken from them."""

import numpy as np

from shared.domain.taste import ELEMENTS
from shared.embedding.protocol import Vectors


def restored(stored: object) -> Vectors:
    """The vector as it went in: for cosine, Qdrant keeps it at length 1, whatever it had.

    The longest a vector of ours can be is 1, when all five elements are known; with fewer, the
    known blocks come back too long, and are scaled to their own length again.
    """
    vector = np.asarray(stored, np.float32)
    blocks = vector.reshape(len(ELEMENTS), -1)
    known = int((np.linalg.norm(blocks, axis=1) > 0).sum())
    length = float(np.linalg.norm(vector))
    if not known or not length:
        return np.zeros_like(vector)
    scaled: Vectors = vector * np.float32(np.sqrt(known / len(ELEMENTS)) / length)
    return scaled
