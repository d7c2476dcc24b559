"""Plan the queries over the catalog's vectors: by the words, the likes and an image."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Final

import numpy as np

from services.assessor.steps.retrieval.shares import SUBJECT_PART
from services.assessor.steps.retrieval.shortlist import Shares
from shared.domain.weights.ranking_weights import RankingWeights
from shared.domain.weights.retrieval_weights import RetrievalWeights
from shared.embedding.protocol import Vectors
from shared.embedding.taste_direction import taste_directions
from shared.events.types.feed import Source
from shared.store.catalog.images import IMAGE_VECTOR, unit
from shared.store.catalog.queries import CatalogQuery, Strategy
from shared.store.catalog.query_kinds import AnyQuery, LinearQuery, NewestQuery
from shared.store.protocol import TasteVectors

STRATEGY: Final[Strategy] = "average_vector"
"""How the likes are compared: one comparison for each image, however many examples there are."""
SPARE: Final = 3
"""Images that are read for each place of the likes: the taste may have brought some of them."""
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
    query: AnyQuery | NewestQuery
    subject_words: tuple[str, ...] = ()
    """Only images that show one of these; empty for all images."""


def searches(
    tastes: Sequence[TasteExamples],
    *,
    shares: Shares,
    weights: RankingWeights | None,
    factors: RetrievalWeights,
    limit: int,
    subjects: tuple[str, ...] = (),
) -> tuple[Search, ...]:
    """The searches for a user: by the whole taste and by the likes alone, for each taste.

    `subjects` are names of what the user has stated to like. The same queries search the images
    that show one of them; without any taste the newest of these come first.

    Tastes are searched one by one, because a user with two likes images that fit one of them, not
    images between both.
    """
    by_taste: list[tuple[TasteExamples, AnyQuery]] = [
        (taste, LinearQuery(directions, limit=limit))
        for taste in tastes
        if taste.has_words
        and (
            directions := taste_directions(
                taste.words, taste.liked, taste.disliked, weights=weights, factors=factors
            )
        )
    ]
    likes = shares.get("likes", 0.0)
    # Next to the search by the whole taste, the likes fill few places, and no others.
    number = min(limit, SPARE * ceil(likes * limit)) if by_taste else limit
    by_likes: list[tuple[TasteExamples, AnyQuery]] = [
        (taste, likes_query(taste, limit=max(number, 1))) for taste in tastes if taste.has_images
    ]
    share = shares.get("taste", 0.0)
    by_subject: list[Search] = []
    if subjects:
        newest = [(TasteExamples(), NewestQuery(limit=limit))]
        of_subjects = SUBJECT_PART * share if by_taste else share
        by_subject = [
            replace(search, subject_words=subjects)
            for search in _searches("taste", by_taste or by_likes or newest, of_subjects)
        ]
        share -= of_subjects
    return (
        *by_subject,
        *_searches("taste", by_taste, share),
        *_searches("likes", by_likes, likes),
    )


def likes_query(taste: TasteExamples, *, limit: int) -> CatalogQuery:
    """The query for images that resemble the liked references, and not the disliked ones.

    The mean similarity to the likes minus that to the dislikes. It has more of the model's best
    images than `average_vector`, which counts the likes twice (decision 0141). The target is
    computed here: one example in place of dozens gives the same order.
    """
    if not taste.liked:
        return CatalogQuery(
            IMAGE_VECTOR, (), (_sum(taste.disliked),), strategy="sum_scores", limit=limit
        )
    liked = _mean(taste.liked)
    target = liked - _mean(taste.disliked)
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
    source: Source,
    queries: Sequence[tuple[TasteExamples, AnyQuery | NewestQuery]],
    share: float,
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
