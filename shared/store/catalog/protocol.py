"""Values of the catalog's store, and the protocol of every store that keeps a catalog."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, Protocol

import numpy as np
from pydantic import AwareDatetime

from shared.domain.images.catalog_entry import CatalogEntry
from shared.domain.images.catalog_filter import EVERY_IMAGE, CatalogFilter, is_available
from shared.domain.images.image_key import ImageKey
from shared.domain.taste import ELEMENTS, Element, Value
from shared.embedding.protocol import Vectors

IMAGE_VECTOR: Final = "image"
"""Name of the vector that the image encoder makes; the others have the names of the elements."""
VECTOR_NAMES: Final = (IMAGE_VECTOR, *(element.value for element in ELEMENTS))

Strategy = Literal["average_vector", "best_score", "sum_scores"]
"""How several examples give one score, in the terms of Qdrant's recommendation queries."""


class ImageIndex(Value):
    """What indexing has found out about the content of one image."""

    uri: str
    """The address from which the content was loaded; another address means other content."""
    content_hash: str
    words: Mapping[Element, tuple[str, ...]] = {}
    """The words of the description; an element without words is unknown."""
    subject_words: tuple[str, ...] = ()
    model_version: str
    """The model that described the image."""
    indexed_at: AwareDatetime


class IndexFailure(Value):
    """Why the content of an image cannot be indexed, until the image is published again."""

    uri: str
    """The address that failed."""
    reason: str
    """A short, stable identifier, as in dead letters: `image_too_large`."""
    detail: str
    """For a person: what failed, what was expected, and what to do."""
    failed_at: AwareDatetime


Status = Literal["indexed", "waiting", "failed"]


class StoredImage(Value):
    """One image of the catalog; it is in the answers to queries once it has an index."""

    entry: CatalogEntry
    published_at: AwareDatetime
    """Time of the event that published the image as it is now."""
    index: ImageIndex | None = None
    """None until the image is indexed for the first time. After a change of the address the old
    index and its vectors stay until the new content is indexed."""
    failure: IndexFailure | None = None
    """The last failure, until indexing succeeds or the app publishes the image again."""

    @property
    def status(self) -> Status:
        """Whether the content of the present address is indexed, and whether it still can be."""
        if self.is_current:
            return "indexed"
        is_failed = self.failure is not None and self.failure.uri == self.entry.uri
        return "failed" if is_failed else "waiting"

    @property
    def is_current(self) -> bool:
        """Whether the index is about the content of the present address."""
        return self.index is not None and self.index.uri == self.entry.uri


@dataclass(frozen=True)
class Publication:
    """An image as the app has published it, and when."""

    entry: CatalogEntry
    published_at: datetime


@dataclass(frozen=True)
class IndexedContent:
    """The result of indexing one image: its index, and its vectors by name (`VECTOR_NAMES`).

    A vector that is missing is unknown; queries over its name leave the image out. Shape of each:
    (dimension,), not zero.
    """

    key: ImageKey
    index: ImageIndex
    vectors: Mapping[str, Vectors]

    def __post_init__(self) -> None:
        check_vectors(self.vectors)


@dataclass(frozen=True)
class CatalogSelection:
    """The images of one tenant that a page or a query may return."""

    tenant: str
    filter: CatalogFilter = EVERY_IMAGE
    available_at: datetime | None = None
    """Only images that are available at this time; None for all."""
    exclude_ids: frozenset[str] = frozenset()
    """Ids of images to leave out: seen, excluded or served before."""

    def selects(self, image: CatalogEntry) -> bool:
        """Whether the image is selected. Every store gives the same answer as this function."""
        return (
            image.tenant == self.tenant
            and image.image_id not in self.exclude_ids
            and (self.available_at is None or is_available(image, at=self.available_at))
            and self.filter.matches(image)
        )


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


class CatalogStore(Protocol):
    """Stores the catalog of all tenants. Raises `Unavailable` when it does not answer."""

    async def publish(self, publications: Sequence[Publication]) -> None:
        """Add images, or replace what was published about them.

        An index stays as it is, and a failure is forgotten, so that indexing is tried again. Of
        two publications of one image in a call, the last one counts.
        """
        ...

    async def index(self, contents: Sequence[IndexedContent]) -> set[ImageKey]:
        """Replace the indexes and all vectors of images; returns the keys of those written.

        An image that was removed meanwhile, or whose address has changed, is left as it is: the
        work of an indexer that comes late never brings an image back.
        """
        ...

    async def fail(self, failures: Mapping[ImageKey, IndexFailure]) -> None:
        """Note why images cannot be indexed; removed images stay removed."""
        ...

    async def remove(self, keys: Collection[ImageKey]) -> int:
        """Remove images; returns how many of them were stored."""
        ...

    async def get(self, keys: Collection[ImageKey]) -> dict[ImageKey, StoredImage]:
        """The stored images among these."""
        ...

    async def vectors(self, keys: Collection[ImageKey]) -> dict[ImageKey, dict[str, Vectors]]:
        """The vectors of the stored images among these, by name; unit length, float32."""
        ...

    async def page(
        self, selection: CatalogSelection, *, after: str | None = None, limit: int = 100
    ) -> CatalogPage:
        """The selected images, `limit` at a time; `after` is `next` of the page before."""
        ...

    async def query(
        self, selection: CatalogSelection, queries: Sequence[CatalogQuery]
    ) -> list[list[CatalogHit]]:
        """The best images for each query, best first, with one filter for all queries."""
        ...

    async def count(self, *, tenant: str | None = None) -> int:
        """Number of stored images, counted one by one: by no filter and by no index."""
        ...

    async def remaining(self, keys: Collection[ImageKey]) -> int:
        """How many of these images a walk over all points still finds, after their removal."""
        ...


def check_vectors(vectors: Mapping[str, Vectors]) -> None:
    """Raise `ValueError` for an unknown name, and for a vector without a direction."""
    for name, vector in vectors.items():
        if name not in VECTOR_NAMES:
            raise ValueError(f"no vector {name!r}; the names are {', '.join(VECTOR_NAMES)}")
        if vector.ndim != 1:
            raise ValueError(f"the vector {name} has shape {vector.shape}; expected (dimension,)")
        length = float(np.linalg.norm(vector))
        if not np.isfinite(length) or length == 0:
            raise ValueError(f"the vector {name} has length {length:g}; leave out what is unknown")


def unit(vector: Vectors) -> Vectors:
    """The vector with length 1, float32."""
    scaled: Vectors = np.asarray(vector, np.float32) / np.float32(np.linalg.norm(vector))
    return scaled
