"""The protocol of an image encoder: pictures become vectors that are close when they show alike."""

from collections.abc import Sequence
from typing import Protocol

from PIL.Image import Image

from shared.embedding.protocol import Vectors


class ImageEncoder(Protocol):
    """Encodes images; equal pixels always get equal vectors."""

    @property
    def name(self) -> str:
        """Name of the vector space, part of the collections' names: `efficientnet-lite0`."""
        ...

    @property
    def dimension(self) -> int:
        """Length of a vector: 1280 for EfficientNet-Lite0."""
        ...

    async def encode(self, images: Sequence[Image]) -> Vectors:
        """Unit vectors in the order of the RGB images, float32, shape (len(images), dimension)."""
        ...
