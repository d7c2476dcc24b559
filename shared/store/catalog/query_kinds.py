"""Queries besides recommendation: discovery, relevance feedback, a linear model, age and ids."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shared.domain.taste import Value
from shared.embedding.protocol import Vectors
from shared.store.catalog.images import check_vectors
from shared.store.catalog.queries import CatalogQuery


@dataclass(frozen=True)
class DiscoveryQuery:
    """Which images are on the positive side of most pairs, and there the nearest to the target.

    Score with unit vectors: the number of pairs whose positive example is nearer, minus the number
    of those whose negative example is nearer, plus s(cosine with the target), where
    s(x) = (x / (1 + |x|) + 1) / 2. (Qdrant documentation, "Explore the data", discovery API.)
    """

    vector: str
    """Name of the compared vector; images without it are left out."""
    target: Vectors = field(repr=False)
    """Any length above 0. Shape: (dimension,)."""
    context: tuple[tuple[Vectors, Vectors], ...] = field(repr=False)
    """Pairs of a positive and a negative example."""
    limit: int = 100

    def __post_init__(self) -> None:
        _check(self.vector, self.target, *(example for pair in self.context for example in pair))
        _check_limit(self.limit)


class FeedbackWeights(Value):
    """The three weights of the naive formula of relevance feedback."""

    a: float = 1.0
    """Of the similarity to the target."""
    b: float = 1.0
    """Exponent of a pair's confidence, which is the difference of its two scores; 0 or more."""
    c: float = 1.0
    """Of what the pairs add."""


@dataclass(frozen=True)
class FeedbackQuery:
    """Which images resemble the target and the examples with high scores.

    Score with unit vectors: a cos(target) + the sum over all pairs of examples i, j with
    score i > score j of c (score i - score j)^b (cos(i) - cos(j)). (Qdrant documentation, "Search
    relevance", relevance feedback, naive strategy.)
    """

    vector: str
    target: Vectors = field(repr=False)
    feedback: tuple[tuple[Vectors, float], ...] = field(repr=False)
    """Examples with their scores, such as 1 of a like and 0 of a dislike."""
    weights: FeedbackWeights
    limit: int = 100

    def __post_init__(self) -> None:
        _check(self.vector, self.target, *(example for example, _ in self.feedback))
        _check_limit(self.limit)
        if self.weights.b < 0:
            raise ValueError(f"the weight b is {self.weights.b:g}; it must be at least 0")


@dataclass(frozen=True)
class LinearQuery:
    """Which images have the highest sum of products with a direction for each vector.

    Score with unit vectors: the sum over the names of direction . vector. The length of a direction
    is its weight. A vector that an image does not have adds 0, so no image is left out for it. The
    store compares one vector that holds all others, so the whole sum is one search.
    """

    directions: Mapping[str, Vectors] = field(repr=False)
    """By name of a vector (`VECTOR_NAMES`). Shape of each: (dimension,)."""
    limit: int = 100

    def __post_init__(self) -> None:
        if not self.directions:
            raise ValueError("a linear query without a direction; give one for a vector at least")
        check_vectors(self.directions)
        _check_limit(self.limit)


AnyQuery = CatalogQuery | DiscoveryQuery | FeedbackQuery | LinearQuery


@dataclass(frozen=True)
class NewestQuery:
    """Which images were published last, and since a time; the newest first."""

    since: datetime | None = None
    """None for all images."""
    limit: int = 100

    def __post_init__(self) -> None:
        _check_limit(self.limit)


@dataclass(frozen=True)
class AmongQuery:
    """Which of these images are in the selection, in any order."""

    image_ids: tuple[str, ...]


IdQuery = AnyQuery | NewestQuery | AmongQuery
"""A query of which the ids of the images are wanted alone."""


def examples(query: AnyQuery) -> list[tuple[str, Vectors]]:
    """All vectors of a query, each with the name of the vector that it is compared with."""
    match query:
        case CatalogQuery():
            vectors = [*query.positive, *query.negative]
        case DiscoveryQuery():
            vectors = [query.target, *(example for pair in query.context for example in pair)]
        case FeedbackQuery():
            vectors = [query.target, *(example for example, _ in query.feedback)]
        case LinearQuery():
            return list(query.directions.items())
    return [(query.vector, vector) for vector in vectors]


def _check(name: str, *vectors: Vectors) -> None:
    for vector in vectors:
        check_vectors({name: vector})


def _check_limit(limit: int) -> None:
    if limit < 1:
        raise ValueError(f"the limit is {limit}; it must be at least 1")
