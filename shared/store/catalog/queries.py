"""Which images of the catalog are wanted: a selection, queries by examples, and their results."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from shared.domain.images.catalog_filter import EVERY_IMAGE, CatalogFilter, is_available
from shared.embedding.protocol import Vectors
from shared.store.catalog.images import VECTOR_NAMES, StoredImage, check_vectors

Strategy = Literal["average_vector", "best_score", "sum_scores"]
"""How several examples give one score, in the terms of Qdrant's recommendation queries."""


@dataclass(frozen=True)
class CatalogSelection:
    """The images of one tenant that a page or a query may return."""

    tenant: str
    filter: CatalogFilter = EVERY_IMAGE
    available_at: datetime | None = None
    """Only images that are available at this time; None for all."""
    exclude_ids: frozenset[str] = frozenset()
    """Ids of images to leave out: seen, excluded or served before."""
    subject_words: tuple[str, ...] = ()
    """Only images that show one of these, by the words of the index; empty for all images."""
    indexed_only: bool = False
    """Only images that have an index; queries over vectors return no others anyway."""

    def selects(self, image: StoredImage) -> bool:
        """Whether the image is selected. Every store gives the same answer as this function."""
        entry = image.entry
        return (
            entry.tenant == self.tenant
            and entry.image_id not in self.exclude_ids
            and (self.available_at is None or is_available(entry, at=self.available_at))
            and (image.index is not None or not self.indexed_only)
            and (not self.subject_words or _shows_any(image, self.subject_words))
            and self.filter.matches(entry)
        )


def _shows_any(image: StoredImage, words: Collection[str]) -> bool:
    return image.index is not None and any(w in words for w in image.index.subject_words)


@dataclass(frozen=True)
class CatalogQuery:
    """Which of the selected images resemble the positive examples, and not the negative ones.

    Scores with unit vectors, p and n the cosine of an image with an example:
    `average_vector`: cosine with 2 mean(positive) - mean(negative), or with mean(positive).
    `best_score`: s(max p) if max p > max n, else -s(max n), with s(x) = (x / (1 + |x|) + 1) / 2.
    `sum_scores`: sum p - sum n.
    (Qdrant documentation, "Explore the data", recommendation API.)
    """

    vector: str
    """Name of the compared vector (`VECTOR_NAMES`); images without it are left out."""
    positive: tuple[Vectors, ...] = field(repr=False)
    """Examples of any length above 0; each counts by its direction. Shape of each: (dimension,)."""
    negative: tuple[Vectors, ...] = field(default=(), repr=False)
    strategy: Strategy = "best_score"
    limit: int = 100

    def __post_init__(self) -> None:
        if self.vector not in VECTOR_NAMES:
            raise ValueError(f"no vector {self.vector!r}; the names are {', '.join(VECTOR_NAMES)}")
        if self.limit < 1:
            raise ValueError(f"the limit is {self.limit}; it must be at least 1")
        if not self.positive and (not self.negative or self.strategy == "average_vector"):
            raise ValueError(f"{self.strategy} without an example that it can use; give a positive")
        for example in (*self.positive, *self.negative):
            check_vectors({self.vector: example})


@dataclass(frozen=True)
class CatalogHit:
    """One image that a query has returned, with its score by the query's strategy."""

    image: StoredImage
    score: float


@dataclass(frozen=True)
class CatalogPage:
    """Some of the selected images, in an order that no change of the catalog affects."""

    images: tuple[StoredImage, ...]
    next: str | None
    """Where the next page starts; None after the last image."""


@dataclass(frozen=True)
class IdPage:
    """The ids of some of the selected images, in the order of `CatalogPage`."""

    image_ids: tuple[str, ...]
    next: str | None


def check_after(after: str | None) -> None:
    """Raise `ValueError` unless this is the start of a page: None, or the UUID of a point."""
    try:
        UUID(after or str(UUID(int=0)))
    except ValueError as error:
        raise ValueError(
            f"no page starts at {(after or '')[:80]!r}; send `next` of the page before"
        ) from error
