"""Index the images of a catalog as the service does: image vectors, words and their vectors."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from shared.domain.taste import ELEMENTS, Element
from shared.embedding.images.protocol import ImageEncoder
from shared.embedding.protocol import Embedder, Vectors
from shared.embedding.taste_vectors import description_vector
from shared.vlm.protocol import VisionLanguageModel
from training.evaluation.scoring import in_batches
from training.retrieval.data.images import CatalogImages, digest

SEPARATOR: Final = "|"
"""Between the words of one element in a file."""


@dataclass(frozen=True)
class Indexed:
    """The vectors of a catalog's images; a zero vector is unknown."""

    image: Vectors
    """(images, dimension), unit length."""
    elements: Vectors
    """(images, 5, dimension), unit length or zero."""
    words: tuple[Mapping[Element, tuple[str, ...]], ...]

    def __len__(self) -> int:
        return len(self.image)

    def head(self, count: int) -> "Indexed":
        """The first images."""
        return Indexed(self.image[:count], self.elements[:count], self.words[:count])


async def index(
    catalog: CatalogImages,
    model: VisionLanguageModel,
    encoder: ImageEncoder,
    embedder: Embedder,
    *,
    folder: Path,
) -> Indexed:
    """Encode and describe all images; a second call with the same images reads the file."""
    name = f"{catalog.name}-{digest(catalog.images)}-{model.model_version}-{encoder.name}.npz"
    path = folder / name
    stored = load(path)
    if stored:
        return await _indexed(stored["image"], _words(stored["words"]), embedder)
    vectors = np.asarray(await in_batches(_encode(encoder), catalog.images), np.float32)
    described = await in_batches(model.describe, catalog.images)
    words = tuple(description.words for description in described)
    rows = np.array([[SEPARATOR.join(row.get(e, ())) for e in ELEMENTS] for row in words])
    save(path, image=vectors, words=rows)
    return await _indexed(vectors, words, embedder)


def save(path: Path, **arrays: NDArray[np.generic]) -> None:
    """Write a compressed file of arrays; an interrupted call leaves no file under this name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial.npz")
    np.savez_compressed(partial, **arrays)  # type: ignore[arg-type]
    partial.replace(path)


def load(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of a file; empty where there is none."""
    if not path.exists():
        return {}
    with np.load(path) as stored:
        return dict(stored)


def _encode(encoder: ImageEncoder) -> Callable[[Sequence[Image]], Awaitable[list[Vectors]]]:
    async def encode(images: Sequence[Image]) -> list[Vectors]:
        return list(await encoder.encode(images))

    return encode


def _words(rows: NDArray[np.str_]) -> tuple[Mapping[Element, tuple[str, ...]], ...]:
    return tuple(
        {e: tuple(cell.split(SEPARATOR)) for e, cell in zip(ELEMENTS, row, strict=True) if cell}
        for row in rows.tolist()
    )


async def _indexed(
    image: Vectors, words: Sequence[Mapping[Element, tuple[str, ...]]], embedder: Embedder
) -> Indexed:
    """The vectors of the words; equal descriptions are embedded once."""
    by_words: dict[str, Vectors] = {}
    blocks = np.zeros((len(words), len(ELEMENTS), embedder.dimension), np.float32)
    for row, of_image in enumerate(words):
        key = repr(sorted(of_image.items()))
        if key not in by_words:
            by_words[key] = (await description_vector(of_image, embedder)).reshape(
                len(ELEMENTS), -1
            )
        blocks[row] = by_words[key]
    lengths = np.linalg.norm(blocks, axis=2, keepdims=True)
    blocks /= np.where(lengths > 0, lengths, 1)
    return Indexed(image, blocks, tuple(words))
