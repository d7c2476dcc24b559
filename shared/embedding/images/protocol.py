"""The protocol of an image encoder: pictures become vectors that are close when they show alike."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from PIL.Image import Image

from shared.domain.errors import Unprocessable
from shared.embedding.protocol import Vectors


class UnreadableImages(Exception):
    """The encoder has no vector for some images; `vectors` has those of the others.

    Both mappings are by the position of the image in the call.
    """

    def __init__(
        self, *, vectors: Mapping[int, Vectors], reasons: Mapping[int, Unprocessable]
    ) -> None:
        first = next(iter(reasons.values()))
        super().__init__(f"{len(reasons)} images cannot be encoded, the first because {first}")
        self.vectors = vectors
        self.reasons = reasons


class ImageEncoder(Protocol):
    """Encodes images; equal pixels always get equal vectors."""

    @property
    def name(self) -> str:
        """Name of the vector space, part of the collections' names: `efficientnet-lite0`.

        Other weights or another instruction have another name.
        """
        ...

    @property
    def dimension(self) -> int:
        """Length of a vector: 1280 for EfficientNet-Lite0."""
        ...

    async def encode(self, images: Sequence[Image]) -> Vectors:
        """Unit vectors in the order of the RGB images, float32, shape (len(images), dimension).

        Raises `UnreadableImages` when it cannot encode some of them, and `Unavailable`.
        """
        ...
