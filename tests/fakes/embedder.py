"""A fake embedder: one dimension per word, so different words have similarity 0."""

from collections.abc import Sequence

import numpy as np

from shared.embedding.protocol import Vectors


class OneHotEmbedder:
    """An `Embedder` with room for 32 different words."""

    name = "one-hot"
    dimension = 32

    def __init__(self) -> None:
        self._dimensions: dict[str, int] = {}

    def equate(self, *texts: str) -> None:
        """Give these words one vector."""
        dimension = len(self._dimensions)
        self._dimensions.update(dict.fromkeys(texts, dimension))

    async def embed(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in enumerate(texts):
            vectors[row, self._dimensions.setdefault(text, len(self._dimensions))] = 1
        return vectors
