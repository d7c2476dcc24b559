"""Order a catalog for a user by each strategy, with the formulas of the store's queries."""

from collections.abc import Callable
from typing import Final

import numpy as np

from shared.domain.taste import ELEMENTS
from shared.domain.weights.retrieval_weights import SHIPPED, RetrievalWeights
from shared.embedding.protocol import Vectors
from shared.embedding.taste_direction import taste_directions
from shared.store.catalog.images import IMAGE_VECTOR, unit
from shared.store.catalog.query_kinds import FeedbackWeights
from shared.store.protocol import TasteVectors
from training.retrieval.data.index import Indexed
from training.retrieval.data.users import Floats, Profile

Strategy = Callable[[Profile, Indexed], Floats]
"""A score for each image, higher is earlier; (images,)."""
RANK_CONSTANT: Final = 60
"""Of reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009)."""
SHORTLIST: Final = 100
"""Images of a shortlist, of which the model ranks the first."""
LIST: Final = 300
"""Images of each list that is fused: the limit of a query."""
PLACES_OF_SOURCES: Final = (68, 7, 25)
"""Of a shortlist of 100 with the assessor's defaults: taste, likes, and all other sources."""
RIDGE: Final = 0.1
"""Regularization of the least squares over a few references."""


def average_vector(profile: Profile, catalog: Indexed) -> Floats:
    """Recommendation by 2 mean(likes) - mean(dislikes)."""
    return _product(catalog.image, 2 * profile.liked.mean(0) - profile.disliked.mean(0))


def sum_scores(profile: Profile, catalog: Indexed) -> Floats:
    """Recommendation by the sum of similarities to likes minus that to dislikes."""
    return _product(catalog.image, profile.liked.sum(0) - profile.disliked.sum(0))


def best_score(profile: Profile, catalog: Indexed) -> Floats:
    """Recommendation by the nearest example, which counts for or against the image."""
    near = (catalog.image @ profile.liked.T).max(1)
    far = (catalog.image @ profile.disliked.T).max(1)
    return np.where(near > far, _sigmoid(near), -_sigmoid(far))


def discovery(profile: Profile, catalog: Indexed) -> Floats:
    """Discovery with the mean like as target and all pairs of a like and a dislike as context."""
    likes, dislikes = catalog.image @ profile.liked.T, catalog.image @ profile.disliked.T
    sides = np.sign(likes[:, :, None] - dislikes[:, None, :]).sum((1, 2))
    near = _sigmoid(_product(catalog.image, unit(profile.liked.mean(0))))
    return np.asarray(sides + near, np.float64)


def relevance_feedback(weights: FeedbackWeights) -> Strategy:
    """The naive formula: the mean like as target, likes with score 1 and dislikes with score 0.

    All confidences are 1, so b has no effect.
    """

    def scores(profile: Profile, catalog: Indexed) -> Floats:
        likes, dislikes = profile.liked, profile.disliked
        pairs = len(dislikes) * likes.sum(0) - len(likes) * dislikes.sum(0)
        target = weights.a * unit(likes.mean(0)) + weights.c * pairs
        return _product(catalog.image, target)

    return scores


def least_squares(profile: Profile, catalog: Indexed) -> Floats:
    """One direction that separates likes from dislikes, by regularized least squares."""
    examples = np.concatenate([profile.liked, profile.disliked]).astype(np.float64)
    labels = np.array([1.0] * len(profile.liked) + [-1.0] * len(profile.disliked))
    centered = examples - examples.mean(0)
    kernel = centered @ centered.T + RIDGE * np.eye(len(examples))
    return _product(catalog.image, centered.T @ np.linalg.solve(kernel, labels - labels.mean()))


def words_alone(profile: Profile, catalog: Indexed) -> Floats:
    """The linear query without the image vectors."""
    return _linear(profile, catalog, SHIPPED, without={IMAGE_VECTOR})


def fused_lists(profile: Profile, catalog: Indexed) -> Floats:
    """A query an element and one over the images, fused by their ranks and the user's shares."""
    liked = np.einsum("ned,ed->ne", catalog.elements, profile.liked_words)
    disliked = np.einsum("ned,ed->ne", catalog.elements, profile.disliked_words)
    lists = [*(liked - disliked).T, sum_scores(profile, catalog)]
    total = np.zeros(len(catalog))
    for scores, share in zip(lists, profile.shares, strict=True):
        best = np.argsort(-scores, kind="stable")[:LIST]
        total[best] += share / (RANK_CONSTANT + 1 + np.arange(len(best)))
    return total


def linear(factors: RetrievalWeights = SHIPPED) -> Strategy:
    """One linear query over all vectors, as the services search by a taste."""

    def scores(profile: Profile, catalog: Indexed) -> Floats:
        return _linear(profile, catalog, factors)

    return scores


def with_other_sources(profile: Profile, catalog: Indexed) -> Floats:
    """The places of a shortlist of 100 as the assessor divides them: the best by the linear query,
    then by the likes alone, and others that neither query brings, drawn by chance in place of
    popular, new and explored images. 1 for an image of the shortlist, 0 for the others."""
    allowed = np.array([number not in profile.excluded for number in range(len(catalog))])
    rng = np.random.default_rng(list(profile.name.encode()))
    chosen = np.zeros(len(catalog))
    orders = (
        linear()(profile, catalog),
        average_vector(profile, catalog),
        rng.random(len(catalog)),
    )
    for scores, places in zip(orders, PLACES_OF_SOURCES, strict=True):
        left = np.where(allowed & (chosen == 0), scores, -np.inf)
        chosen[np.argsort(-left, kind="stable")[:places]] = 1
    return chosen


def directions_of(profile: Profile, factors: RetrievalWeights = SHIPPED) -> dict[str, Vectors]:
    """The directions of the linear query of a user."""
    words = TasteVectors(profile.liked_words.reshape(-1), profile.disliked_words.reshape(-1))
    return taste_directions(
        words, list(profile.liked), list(profile.disliked), weights=profile.weights, factors=factors
    )


def product(directions: dict[str, Vectors], catalog: Indexed) -> Floats:
    """The score of each image by a linear query."""
    total = np.zeros(len(catalog))
    for column, element in enumerate(ELEMENTS):
        if element.value in directions:
            total += catalog.elements[:, column] @ directions[element.value]
    if IMAGE_VECTOR in directions:
        total += catalog.image @ directions[IMAGE_VECTOR]
    return total


FEEDBACK: Final = FeedbackWeights(a=1.0, b=1.0, c=1.0)
"""Chosen on development users among c from 0.001 to 1 (training/LOG.md)."""
STRATEGIES: Final[dict[str, Strategy]] = {
    "images: average vector": average_vector,
    "images: best score": best_score,
    "images: sum of scores": sum_scores,
    "images: discovery": discovery,
    "images: relevance feedback": relevance_feedback(FEEDBACK),
    "images: least squares": least_squares,
    "words alone": words_alone,
    "lists of words and images, fused by ranks": fused_lists,
    "one linear query over words and images": linear(),
    "the linear query, with places for other sources": with_other_sources,
}


def _linear(
    profile: Profile,
    catalog: Indexed,
    factors: RetrievalWeights,
    *,
    without: frozenset[str] | set[str] = frozenset(),
) -> Floats:
    directions = directions_of(profile, factors)
    return product({n: d for n, d in directions.items() if n not in without}, catalog)


def _product(images: Vectors, direction: Vectors | Floats) -> Floats:
    return np.asarray(images @ direction, np.float64)


def _sigmoid(values: Floats | Vectors) -> Floats:
    return np.asarray(0.5 * (values / (1 + np.abs(values)) + 1), np.float64)
