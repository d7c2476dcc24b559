"""Plan the queries over the catalog's vectors: by the words, the likes and an image."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from services.assessor.steps.retrieval.shortlist import Shares
from shared.domain.taste import ELEMENTS
from shared.domain.weights.ranking_weights import RankingWeights
from shared.embedding.protocol import Vectors
from shared.events.types.feed import Source
from shared.store.catalog.images import IMAGE_VECTOR
from shared.store.catalog.queries import CatalogQuery, Strategy
from shared.store.protocol import TasteVectors

STRATEGY: Final[Strategy] = "average_vector"
"""One comparison for each image, however many examples there are."""
WITHOUT_POSITIVE: Final[Strategy] = "sum_scores"
"""The strategy for a user who has stated dislikes alone."""


@dataclass(frozen=True)
class TasteExamples:
    """The examples of one taste of a user: words and images; every part may be missing."""

    share: float = 1.0
    """Share of this taste among the user's tastes."""
    words: TasteVectors | None = None
    """The vectors of the words, a block for each element."""
    liked: tuple[Vectors, ...] = ()
    """Image vectors of liked references, shape (dimension,) each."""
    disliked: tuple[Vectors, ...] = ()

    @property
    def has_words(self) -> bool:
        words = self.words
        return words is not None and bool(words.preference.any() or words.non_preference.any())

    @property
    def has_images(self) -> bool:
        return bool(self.liked or self.disliked)


@dataclass(frozen=True)
class WeightedQuery:
    """One query and its weight in the fusion of its search."""

    query: CatalogQuery
    weight: float


@dataclass(frozen=True)
class Search:
    """Queries that give one ranking together, and the share of the shortlist that it fills."""

    source: Source
    share: float
    queries: tuple[WeightedQuery, ...]


def searches(
    tastes: Sequence[TasteExamples],
    *,
    shares: Shares,
    weights: RankingWeights | None,
    limit: int,
) -> list[Search]:
    """The searches for a user: by words and by likes, one of each for each taste.

    Tastes are searched one by one, because a user with two likes images that fit one of them, not
    images between both.
    """
    planned: list[Search] = []
    with_words = [taste for taste in tastes if taste.has_words]
    with_images = [taste for taste in tastes if taste.has_images]
    if "taste" in shares:
        parts = _parts(with_words, shares["taste"])
        planned += [
            Search("taste", part, word_queries(taste, weights, limit=limit))
            for taste, part in zip(with_words, parts, strict=True)
        ]
    if "likes" in shares:
        parts = _parts(with_images, shares["likes"])
        planned += [
            Search("likes", part, (_query(IMAGE_VECTOR, taste.liked, taste.disliked, limit=limit),))
            for taste, part in zip(with_images, parts, strict=True)
        ]
    return planned


def word_queries(
    taste: TasteExamples, weights: RankingWeights | None, *, limit: int
) -> tuple[WeightedQuery, ...]:
    """A query for each element with words, weighted by what the user goes by."""
    assert taste.words is not None
    liked = taste.words.preference.reshape(len(ELEMENTS), -1)
    disliked = taste.words.non_preference.reshape(len(ELEMENTS), -1)
    look = {element: 1.0 if weights is None else weights[element] for element in ELEMENTS}
    known = [row for row in range(len(ELEMENTS)) if liked[row].any() or disliked[row].any()]
    if not any(look[ELEMENTS[row]] for row in known):
        look = dict.fromkeys(ELEMENTS, 1.0)
    return tuple(
        _query(
            element.value,
            (liked[row],) if liked[row].any() else (),
            (disliked[row],) if disliked[row].any() else (),
            limit=limit,
            weight=look[element],
        )
        for row, element in enumerate(ELEMENTS)
        if row in known and look[element]
    )


def similar_search(vector: Vectors, *, limit: int) -> Search:
    """The search for images that resemble one."""
    return Search("similar", 1.0, (_query(IMAGE_VECTOR, (vector,), (), limit=limit),))


def _query(
    name: str,
    positive: Sequence[Vectors],
    negative: Sequence[Vectors],
    *,
    limit: int,
    weight: float = 1.0,
) -> WeightedQuery:
    strategy = STRATEGY if positive else WITHOUT_POSITIVE
    query = CatalogQuery(name, tuple(positive), tuple(negative), strategy=strategy, limit=limit)
    return WeightedQuery(query, weight)


def _parts(tastes: Sequence[TasteExamples], share: float) -> list[float]:
    """The share divided between the tastes in proportion to their own shares."""
    own = np.asarray([taste.share for taste in tastes], np.float64)
    if not own.sum():
        own = np.ones(len(tastes))
    return [float(part) for part in share * own / max(own.sum(), 1e-9)]
