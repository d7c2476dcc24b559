"""Score an image of the catalog as the docstrings of the queries define it."""

from collections.abc import Mapping
from itertools import permutations

import numpy as np

from shared.embedding.protocol import Vectors
from shared.store.catalog.images import unit
from shared.store.catalog.queries import CatalogQuery
from shared.store.catalog.query_kinds import AnyQuery, DiscoveryQuery, FeedbackQuery, LinearQuery


def score(vectors: Mapping[str, Vectors], query: AnyQuery) -> float | None:
    """The score of an image with these unit vectors; None for an image that is left out."""
    if isinstance(query, LinearQuery):
        return _linear(vectors, query) if vectors else None
    vector = vectors.get(query.vector)
    if vector is None:
        return None
    match query:
        case DiscoveryQuery():
            return _discovery(vector, query)
        case FeedbackQuery():
            return _feedback(vector, query)
        case CatalogQuery():
            return _recommendation(vector, query)


def _recommendation(vector: Vectors, query: CatalogQuery) -> float:
    positive = [unit(example) for example in query.positive]
    negative = [unit(example) for example in query.negative]
    liked = [float(vector @ example) for example in positive]
    disliked = [float(vector @ example) for example in negative]
    match query.strategy:
        case "average_vector":
            target = np.mean(positive, axis=0)
            if negative:
                target = 2 * target - np.mean(negative, axis=0)
            return float(vector @ target / np.linalg.norm(target))
        case "best_score":
            if max(liked, default=-np.inf) > max(disliked, default=-np.inf):
                return _sigmoid(max(liked))
            return -_sigmoid(max(disliked))
        case _:
            return sum(liked) - sum(disliked)


def _discovery(vector: Vectors, query: DiscoveryQuery) -> float:
    pairs = [(vector @ unit(positive), vector @ unit(other)) for positive, other in query.context]
    sides = sum(int(near > far) - int(near < far) for near, far in pairs)
    return sides + _sigmoid(float(vector @ unit(query.target)))


def _feedback(vector: Vectors, query: FeedbackQuery) -> float:
    total = query.weights.a * float(vector @ unit(query.target))
    for (better, high), (worse, low) in permutations(query.feedback, 2):
        if high > low:
            confidence = (high - low) ** query.weights.b
            difference = float(vector @ unit(better) - vector @ unit(worse))
            total += query.weights.c * confidence * difference
    return total


def _linear(vectors: Mapping[str, Vectors], query: LinearQuery) -> float:
    return float(
        sum(direction @ vectors[n] for n, direction in query.directions.items() if n in vectors)
    )


def _sigmoid(value: float) -> float:
    return 0.5 * (value / (1 + abs(value)) + 1)
