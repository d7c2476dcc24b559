"""Plan the queries over the catalog's vectors: by the words, the likes and an image."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from services.assessor.steps.retrieval.shortlist import Shares
from shared.domain.taste import ELEMENTS
from shared.domain.weights.ranking_weights import RankingWeights
from shared.embedding.protocol import Vectors
from shared.events.types.feed import Source
from shared.store.catalog.images import IMAGE_VECTOR, unit
from shared.store.catalog.queries import CatalogQuery, Strategy
from shared.store.catalog.query_kinds import AnyQuery, LinearQuery
from shared.store.protocol import TasteVectors

STRATEGY: Final[Strategy] = "average_vector"
"""How the likes are compared: one comparison for each image, however many examples there are."""
IMAGE_SCALE: Final = 1.5
"""Weight of a difference of image vectors against one of words at equal shares of subject and look:
the score of a subject rises by 12.5 for a cosine of 1 where references deviate by 0.1
(`SubjectReferences`), and that of an element by 8.3 (`FULL_SCORE_AT`)."""
DECISIVE: Final = 1e-6
"""Length below which a direction says nothing: the user likes and dislikes the same."""


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
class Search:
    """One query, and the share of the shortlist that its result fills."""

    source: Source
    share: float
    query: AnyQuery


def searches(
    tastes: Sequence[TasteExamples],
    *,
    shares: Shares,
    weights: RankingWeights | None,
    limit: int,
) -> tuple[Search, ...]:
    """The searches for a user: by the whole taste and by the likes alone, for each taste.

    Tastes are searched one by one, because a user with two likes images that fit one of them, not
    images between both.
    """
    by_taste: list[tuple[TasteExamples, AnyQuery]] = [
        (taste, LinearQuery(directions, limit=limit))
        for taste in tastes
        if taste.has_words and (directions := taste_directions(taste, weights))
    ]
    by_likes: list[tuple[TasteExamples, AnyQuery]] = [
        (taste, likes_query(taste, limit=limit)) for taste in tastes if taste.has_images
    ]
    return (
        *_searches("taste", by_taste, shares.get("taste", 0.0)),
        *_searches("likes", by_likes, shares.get("likes", 0.0)),
    )


def taste_directions(taste: TasteExamples, weights: RankingWeights | None) -> Mapping[str, Vectors]:
    """A direction for each vector that the taste is about, as long as its weight in the ranking.

    The sum of the products is the total by which the model's scores rank, up to the limits of each
    score: images whose words are like the liked ones and unlike the disliked ones come first, and
    images like the references as far as the user goes by the subject. An unknown weight counts as
    that of a user who goes by the look.
    """
    directions: dict[str, Vectors] = {}
    if taste.words is not None:
        blocks = [
            side.reshape(len(ELEMENTS), -1)
            for side in (taste.words.preference, taste.words.non_preference)
        ]
        for row, element in enumerate(ELEMENTS):
            weight = 1 / len(ELEMENTS) if weights is None else weights[element]
            directions[element.value] = weight * (_unit(blocks[0][row]) - _unit(blocks[1][row]))
    if taste.has_images and weights is not None:
        direction = _mean(taste.liked) - _mean(taste.disliked)
        directions[IMAGE_VECTOR] = weights.subject * IMAGE_SCALE * direction
    return {
        name: np.asarray(direction, np.float32)
        for name, direction in directions.items()
        if np.linalg.norm(direction) > DECISIVE
    }


def likes_query(taste: TasteExamples, *, limit: int) -> CatalogQuery:
    """The query for images that resemble the liked references, and not the disliked ones.

    `average_vector` over all examples, with the target computed here: one example in place of
    dozens has the same scores, and the store reads and compares one vector.
    """
    if not taste.liked:
        return CatalogQuery(
            IMAGE_VECTOR, (), (_sum(taste.disliked),), strategy="sum_scores", limit=limit
        )
    liked = _mean(taste.liked)
    target = 2 * liked - _mean(taste.disliked) if taste.disliked else liked
    if np.linalg.norm(target) <= DECISIVE:
        target = taste.liked[-1]
    return CatalogQuery(
        IMAGE_VECTOR, (np.asarray(target, np.float32),), strategy=STRATEGY, limit=limit
    )


def similar_search(vector: Vectors, *, limit: int) -> Search:
    """The search for images that resemble one."""
    return Search(
        "similar", 1.0, CatalogQuery(IMAGE_VECTOR, (vector,), strategy=STRATEGY, limit=limit)
    )


def _searches(
    source: Source, queries: Sequence[tuple[TasteExamples, AnyQuery]], share: float
) -> list[Search]:
    """The searches of one source; its share is divided by the shares of the tastes."""
    if not share:
        return []
    total = sum(taste.share for taste, _ in queries)
    return [
        Search(source, share * (taste.share / total if total else 1 / len(queries)), query)
        for taste, query in queries
    ]


def _sum(vectors: Sequence[Vectors]) -> Vectors:
    """The sum of the unit vectors; the last one where they cancel out."""
    total: Vectors = np.sum([unit(vector) for vector in vectors], axis=0)
    return total if np.linalg.norm(total) > DECISIVE else vectors[-1]


def _mean(vectors: Sequence[Vectors]) -> Vectors | float:
    if not vectors:
        return 0.0
    mean: Vectors = np.mean([unit(vector) for vector in vectors], axis=0)
    return mean


def _unit(block: Vectors) -> Vectors:
    return unit(block) if block.any() else block
