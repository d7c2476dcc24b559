"""The sentence encoder that serving embeds words with, called without waiting for others."""

import asyncio
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np

from shared.embedding.protocol import Embedder, Vectors

REMEMBERED: Final = 50_000
"""Words; a loop of its own for each word asked again would take longer than the model's step."""


class WordEncoder:
    """A `SentenceEncoder` over any embedder; words repeat, so each is embedded once."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._vector = lru_cache(maxsize=REMEMBERED)(self._embed)

    def encode(self, texts: Sequence[str]) -> Vectors:
        return np.stack([self._vector(text) for text in texts])

    def _embed(self, text: str) -> Vectors:
        return asyncio.run(self._embedder.embed([text]))[0]
