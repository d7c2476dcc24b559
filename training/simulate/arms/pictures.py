"""Hold the images of a recording by key, with their vectors of the shipped image encoder."""

import asyncio
from collections.abc import Sequence
from functools import cached_property
from typing import Final

import numpy as np
from PIL.Image import Image

from shared.embedding.images.protocol import ImageEncoder
from shared.embedding.images.subject import no_vectors
from shared.embedding.protocol import Vectors
from training.prefersim.values.vocabulary import Attributes
from training.simulate.arms.known_references import STATED, catalog_key, stated_key
from training.simulate.arms.recorded_days import Recording
from training.simulate.loop.day import REFERENCES

VECTORS: Final = "vectors.npz"
"""In the folder of the recording: the encoder reads each image once."""
BATCH: Final = 32


class Pictures:
    """Images of the catalog and of the references of all users, or of the first `users`."""

    def __init__(
        self, recording: Recording, encoder: ImageEncoder, *, users: int | None = None
    ) -> None:
        self._recording = recording
        self._encoder = encoder
        self._users = users

    @property
    def catalog_size(self) -> int:
        return len(self._recording.catalog)

    @cached_property
    def images(self) -> dict[str, Image]:
        return {key: image for key, (image, _) in self._drawn.items()}

    @property
    def shown(self) -> dict[str, Attributes]:
        """The true values of each image. (5 or 6,)"""
        return {key: row for key, (_, row) in self._drawn.items()}

    @cached_property
    def _drawn(self) -> dict[str, tuple[Image, Attributes]]:
        recording = self._recording
        catalog = recording.catalog
        drawn = {
            catalog_key(n): pair
            for n, pair in enumerate(zip(catalog.images, catalog.shown, strict=True))
        }
        for number, user in enumerate(recording.users[: self._users]):
            sides = recording.population.reference_images(user, REFERENCES, seed=recording.seed)
            for side, of_side in zip(STATED, sides, strict=True):
                pairs = zip(of_side.images, of_side.shown, strict=True)
                drawn |= {stated_key(number, side, n): pair for n, pair in enumerate(pairs)}
        return drawn

    @cached_property
    def _vectors(self) -> dict[str, Vectors]:
        file = self._recording.folder / VECTORS
        vectors: dict[str, Vectors] = {}
        if file.exists():
            with np.load(file) as stored:
                vectors = dict(zip(stored["keys"].tolist(), stored["vectors"], strict=True))
        missing = [key for key in self.images if key not in vectors]
        if missing:
            rows = asyncio.run(self._encode([self.images[key] for key in missing]))
            vectors |= zip(missing, rows, strict=True)
            with file.open("wb") as opened:
                np.savez(
                    opened, keys=np.array(list(vectors)), vectors=np.stack([*vectors.values()])
                )
        return vectors

    async def _encode(self, images: Sequence[Image]) -> Vectors:
        parts = [
            await self._encoder.encode(images[begin : begin + BATCH])
            for begin in range(0, len(images), BATCH)
        ]
        return np.concatenate(parts)

    def vectors(self, keys: Sequence[str]) -> Vectors:
        """(keys, dimension)"""
        return np.stack([self._vectors[key] for key in keys]) if keys else no_vectors()
