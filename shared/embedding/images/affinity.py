"""How much an image resembles liked references more than disliked ones, from image vectors."""

import numpy as np

from shared.embedding.protocol import Vectors


def affinity(images: Vectors, liked: Vectors, disliked: Vectors) -> Vectors:
    """Mean similarity to the liked vectors minus that to the disliked ones.

    All rows are unit vectors: (images, dimension), (liked, dimension) and (disliked, dimension). A
    side without rows counts as 0. The result has one value an image, -1 to 1 for vectors without
    negative entries. It is the ranking by average vectors of Qdrant's recommendations.
    """
    direction = _mean(liked, images.shape[1]) - _mean(disliked, images.shape[1])
    result: Vectors = images @ direction
    return result


def _mean(vectors: Vectors, dimension: int) -> Vectors:
    if not len(vectors):
        return np.zeros(dimension, np.float32)
    mean: Vectors = vectors.mean(axis=0)
    return mean
