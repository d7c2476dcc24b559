"""The queries of the comparison: linear queries of made users, with filters and excluded images."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from shared.domain.taste import ELEMENTS
from shared.embedding.protocol import Vectors
from shared.store.catalog.images import IMAGE_VECTOR
from training.bench.catalog.made_images import MadeImages, Rows
from training.prefersim.values.vocabulary import VALUES

LIMIT: Final = 300
"""Images of a shortlist: the most that a request may have."""
EXCLUDED: Final = 500
"""Images that a user has seen, of the whole catalog."""
REFERENCES: Final = 5
FilterName = Literal["none", "common tag", "rare tag"]
FILTERS: Final[tuple[FilterName, ...]] = ("none", "common tag", "rare tag")
"""No filter, a tag of every 20th image, and a tag of every 200th."""
STREAM: Final = 0x0B5E


@dataclass(frozen=True)
class BenchQuery:
    """One query: directions by the name of a vector, a filter and images to leave out."""

    directions: dict[str, Vectors]
    filter: FilterName
    tag: int
    """Number of the wanted tag; without a meaning for the filter `none`."""
    excluded: NDArray[np.int64]

    def combined(self) -> Vectors:
        """The directions one after the other, as the combined vector has its parts."""
        names = (IMAGE_VECTOR, *(element.value for element in ELEMENTS))
        joined: Vectors = np.concatenate([self.directions[name] for name in names])
        return joined

    def allowed(self, rows: Rows) -> NDArray[np.bool_]:
        """Which of these rows the query may return; (rows,)."""
        numbers = rows.first + np.arange(len(rows))
        mask = ~np.isin(numbers, self.excluded)
        if self.filter == "common tag":
            mask &= rows.tag[:, 0] == self.tag
        if self.filter == "rare tag":
            mask &= rows.tag[:, 1] == self.tag
        return np.asarray(mask, np.bool_)


def make_queries(images: MadeImages, count: int, *, seed: int) -> list[BenchQuery]:
    """`count` queries for each filter; users differ from query to query."""
    queries = []
    examples = images.examples(2 * REFERENCES * count * len(FILTERS), stream=STREAM)
    for number in range(count * len(FILTERS)):
        rng = np.random.default_rng((seed, STREAM, number))
        filter_name = FILTERS[number % len(FILTERS)]
        liked, disliked = np.split(examples[10 * number : 10 * number + 10], 2)
        directions = {IMAGE_VECTOR: liked.mean(axis=0) - disliked.mean(axis=0)}
        start = 0
        for element in ELEMENTS:
            size = len(VALUES[element])
            like, dislike = start + rng.permutation(size)[:2]
            words = images.sources.words
            directions[element.value] = rng.random() * (words[like] - words[dislike])
            start += size
        excluded = rng.choice(images.count, min(EXCLUDED, images.count // 4), replace=False)
        tag = int(rng.integers(20 if filter_name == "common tag" else 200))
        queries.append(BenchQuery(directions, filter_name, tag, np.sort(excluded)))
    return queries


def exact_answers(images: MadeImages, queries: list[BenchQuery]) -> list[NDArray[np.int64]]:
    """The right answer of each query, by comparing all images: their numbers, best first."""
    best: list[list[tuple[float, int]]] = [[] for _ in queries]
    directions = np.stack([query.combined() for query in queries], axis=1)
    for rows in images.batches():
        scores = images.combined(rows) @ directions  # (rows, queries)
        for column, query in enumerate(queries):
            mask = query.allowed(rows)
            kept = np.flatnonzero(mask)[np.argsort(-scores[mask, column])[:LIMIT]]
            best[column] += [(float(scores[k, column]), rows.first + int(k)) for k in kept]
            best[column] = sorted(best[column], key=lambda pair: -pair[0])[:LIMIT]
    return [np.array([number for _, number in row], np.int64) for row in best]
