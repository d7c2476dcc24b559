"""The sentence encoder that serving embeds words with, called without waiting for others."""

import asyncio
from collections.abc import Sequence

from shared.embedding.protocol import Embedder, Vectors


class WordEncoder:
    """A `SentenceEncoder` over any embedder; words repeat, and the embedder remembers them."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def encode(self, texts: Sequence[str]) -> Vectors:
        return asyncio.run(self._embedder.embed(texts))
