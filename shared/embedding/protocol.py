"""The protocol of an embedder: words become vectors whose cosine is their similarity."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """A sentence encoder; equal words always get equal vectors."""

    @property
    def name(self) -> str:
        """Name of the vector space, part of the collections' names: `all-minilm-l6-v2`."""
        ...

    @property
    def dimension(self) -> int:
        """Length of a vector: 384 for MiniLM."""
        ...

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors in the order of the texts, float32, shape (len(texts), dimension)."""
        ...
