"""What the store keeps of one image of the catalog: publication, index, vectors and failure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

import numpy as np
from pydantic import AwareDatetime

from shared.domain.images.catalog_entry import CatalogEntry
from shared.domain.images.image_key import ImageKey
from shared.domain.taste import ELEMENTS, Element, Value
from shared.embedding.protocol import Vectors

IMAGE_VECTOR: Final = "image"
"""Name of the vector that the image encoder makes; the others have the names of the elements."""
VECTOR_NAMES: Final = (IMAGE_VECTOR, *(element.value for element in ELEMENTS))


class ImageIndex(Value):
    """The result of indexing the content of one image."""

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
