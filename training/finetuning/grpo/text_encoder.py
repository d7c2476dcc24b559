"""The sentence encoder of serving, called synchronously."""

import asyncio
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np

from shared.embedding.protocol import Embedder, Vectors

CACHED_WORDS: Final = 50_000
"""Each uncached word starts an event loop, which takes longer than the model's step."""


class WordEncoder:
    """A `SentenceEncoder` over any embedder; words repeat, so each is embedded once."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._vector = lru_cache(maxsize=CACHED_WORDS)(self._embed)

    def encode(self, texts: Sequence[str]) -> Vectors:
        return np.stack([self._vector(text) for text in texts])

    def _embed(self, text: str) -> Vectors:
        return asyncio.run(self._embedder.embed([text]))[0]
