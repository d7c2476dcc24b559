"""What an embedder does for us: turn words into vectors whose cosine is their likeness."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """A sentence encoder; the same words always give the same vectors."""

    @property
    def name(self) -> str:
        """Names the vector space, and so the store's collections: `all-minilm-l6-v2`."""
        ...

    @property
    def dimension(self) -> int:
        """Floats per vector: 384 for MiniLM."""
        ...

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, float32, shape (len(texts), dimension), in order."""
        ...
