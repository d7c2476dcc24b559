"""Make a large catalog from the vectors of a few real images: the same vectors with noise.

The image vectors are those of drawings, mixed in pairs, with noise; the words are drawn from the
vocabulary of the simulator, and their vectors are those of the embedder. Tags, authors and dates
are drawn at random.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shared.domain.images.catalog_entry import CatalogEntry
from shared.domain.taste import ELEMENTS
from shared.embedding.protocol import Vectors
from shared.store.catalog.images import IMAGE_VECTOR, ImageIndex
from training.prefersim.values.vocabulary import VALUES

TENANT: Final = "bench"
NOISE: Final = 0.5
"""Length of the noise, in lengths of the vector: an image resembles its own kind, and no two are
equal."""
BATCH: Final = 500
START: Final = datetime(2026, 1, 1, tzinfo=UTC)
UNKNOWN: Final = 0.15
"""Share of the words that a description does not have."""


@dataclass(frozen=True)
class Sources:
    """The real vectors from which the images are made."""

    image: Vectors
    """(drawings, dimension), unit length."""
    words: Vectors
    """(words, dimension), unit length: all values of all elements, one element after the other."""

    @classmethod
    def read(cls, path: Path) -> "Sources":
        with np.load(path) as stored:
            return cls(stored["image"], stored["words"])

    def write(self, path: Path) -> None:
        np.savez(path, image=self.image, words=self.words)


def encode_sources(*, drawings: int, seed: int) -> Sources:
    """Encode drawings and the words of the vocabulary with the models that serve."""
    from shared.embedding.images.pretrained import PretrainedEncoder
    from shared.embedding.minilm import MiniLM
    from training.simulate.catalog import draw_catalog

    encoder, embedder = PretrainedEncoder(), MiniLM()
    try:
        image = asyncio.run(encoder.encode(draw_catalog(drawings, seed=seed).images))
        words = asyncio.run(embedder.embed([w for e in ELEMENTS for w in VALUES[e]]))
    finally:
        encoder.close()
        embedder.close()
    return Sources(np.asarray(image, np.float32), words)


@dataclass(frozen=True)
class Rows:
    """A part of the images, with row `number` for image `first + number`."""

    first: int
    image: Vectors
    """(rows, dimension), unit length."""
    word: NDArray[np.int64]
    """(rows, 5) rows of `Sources.words`; -1 is unknown."""
    tag: NDArray[np.int64]
    """(rows, 2): one of 20 tags, and one of 200."""

    def __len__(self) -> int:
        return len(self.image)


class MadeImages:
    """The images of a catalog; the same for the same seed, whatever part is made."""

    def __init__(self, sources: Sources, count: int, *, seed: int) -> None:
        self.sources = sources
        self.count = count
        self._seed = seed
        sizes = [len(VALUES[element]) for element in ELEMENTS]
        self._sizes = np.array(sizes)
        self._starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        self.word_size = sources.words.shape[1]
        self.image_size = sources.image.shape[1]

    def batches(self) -> Iterator[Rows]:
        """All images, `BATCH` at a time."""
        for first in range(0, self.count, BATCH):
            rng = np.random.default_rng((self._seed, first))
            size = min(BATCH, self.count - first)
            word = self._starts + rng.integers(self._sizes, size=(size, len(ELEMENTS)))
            word = np.where(rng.random(word.shape) < UNKNOWN, -1, word)
            tag = rng.integers((20, 200), size=(size, 2))
            yield Rows(first, self._images(rng, size), word, tag)

    def examples(self, count: int, *, stream: int) -> Vectors:
        """Image vectors of the same kind that are not in the catalog; (count, dimension)."""
        return self._images(np.random.default_rng((self._seed, stream, count)), count)

    def combined(self, rows: Rows) -> Vectors:
        """The vectors that a linear query compares; (rows, sum of dimensions)."""
        with_zero = np.concatenate([self.sources.words, np.zeros((1, self.word_size), np.float32)])
        blocks = with_zero[rows.word].reshape(len(rows), -1)
        joined: Vectors = np.concatenate([rows.image, blocks], axis=1)
        return joined

    def vectors(self, rows: Rows, number: int) -> dict[str, Vectors]:
        """The named vectors of one image."""
        named = {IMAGE_VECTOR: rows.image[number]}
        for column, element in enumerate(ELEMENTS):
            if rows.word[number, column] >= 0:
                named[element.value] = self.sources.words[rows.word[number, column]]
        return named

    def _images(self, rng: np.random.Generator, count: int) -> Vectors:
        source = self.sources.image
        pairs = source[rng.integers(len(source), size=(2, count))]
        share = rng.random((count, 1)).astype(np.float32)
        mixed = share * pairs[0] + (1 - share) * pairs[1]
        noise = rng.standard_normal(mixed.shape, np.float32) * np.abs(source).mean(axis=0)
        noise *= NOISE / np.linalg.norm(noise, axis=1, keepdims=True)
        mixed = mixed / np.linalg.norm(mixed, axis=1, keepdims=True) + noise
        units: Vectors = (mixed / np.linalg.norm(mixed, axis=1, keepdims=True)).astype(np.float32)
        return units


def image_id(number: int) -> str:
    return f"image-{number:06d}"


def tags_of(rows: Rows, number: int) -> tuple[str, str]:
    """The tags of one image: one that every twentieth has, and one that every 200th has."""
    common, rare = rows.tag[number].tolist()
    return f"common-{common}", f"rare-{rare}"


def entry_of(rows: Rows, number: int) -> CatalogEntry:
    """What the app would have published about one image."""
    name = rows.first + number
    return CatalogEntry(
        tenant=TENANT,
        image_id=image_id(name),
        uri=f"https://images.example/{name}.jpg",
        author_id=f"author-{name % 500}",
        created_at=START + timedelta(minutes=name),
        tags=tags_of(rows, number),
        metadata={"price": name % 100},
    )


def index_of(rows: Rows, number: int) -> ImageIndex:
    """The result of indexing one image."""
    words = [word for element in ELEMENTS for word in VALUES[element]]
    name = rows.first + number
    return ImageIndex(
        uri=f"https://images.example/{name}.jpg",
        content_hash=f"{name:064x}",
        words={
            element: (words[row],)
            for element, row in zip(ELEMENTS, rows.word[number].tolist(), strict=True)
            if row >= 0
        },
        model_version="bench",
        indexed_at=START,
    )
