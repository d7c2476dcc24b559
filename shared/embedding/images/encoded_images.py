"""Read the vectors of images from the store, and encode and store those that are missing."""

from collections.abc import Mapping, Sequence

import numpy as np
from PIL.Image import Image

from shared.embedding.images.protocol import ImageEncoder
from shared.embedding.images.subject import SubjectReferences
from shared.embedding.protocol import Vectors
from shared.store.protocol import ImageVectorStore, Reference


class EncodedImages:
    """The vectors of one encoder. Raises `Unavailable` as the store does."""

    def __init__(self, encoder: ImageEncoder, store: ImageVectorStore) -> None:
        self._encoder = encoder
        self._store = store

    async def vectors(self, images: Mapping[str, Image]) -> dict[str, Vectors]:
        """The vector of each image, by content hash; each content is encoded once."""
        stored = await self._store.get(list(images))
        missing = [content_hash for content_hash in images if content_hash not in stored]
        encoded = await self._encoder.encode([images[content_hash] for content_hash in missing])
        new = dict(zip(missing, encoded, strict=True))
        await self._store.put(new)
        return stored | new

    async def references(self, references: Sequence[Reference]) -> SubjectReferences:
        """The stored vectors of a user's references; a reference without one is left out."""
        stored = await self._store.get([reference.content_hash for reference in references])
        return self._by_side(references, stored)

    async def encoded_references(
        self, images: Sequence[tuple[Reference, Image]]
    ) -> SubjectReferences:
        """The vectors of references whose images are in memory; the missing ones are stored."""
        vectors = await self.vectors(
            {reference.content_hash: pixels for reference, pixels in images}
        )
        return self._by_side([reference for reference, _ in images], vectors)

    def _by_side(
        self, references: Sequence[Reference], vectors: Mapping[str, Vectors]
    ) -> SubjectReferences:
        sides = [
            [
                vectors[reference.content_hash]
                for reference in references
                if reference.side == side and reference.content_hash in vectors
            ]
            for side in ("liked", "disliked")
        ]
        liked, disliked = (
            np.stack(side) if side else np.zeros((0, self._encoder.dimension), np.float32)
            for side in sides
        )
        return SubjectReferences(liked, disliked)
