"""Read the stance of a sentence with MiniLM and low-rank changes of its weights."""

import threading
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from shared.embedding.minilm import load_token_means
from shared.embedding.protocol import Vectors

STANCES: Final = ("for", "against", "neither")
"""`neither`: a mixed sentence, or one without a claim."""
WEIGHTS_FILE: Final = Path(__file__).with_name("stance_reader.npz")
"""Written by `python -m training.stance`."""
CACHED_SENTENCES: Final = 10_000
_LOADING: Final = threading.Lock()
"""Two threads would load the model twice."""


@lru_cache(maxsize=CACHED_SENTENCES)
def stance_probabilities(text: str) -> dict[str, float]:
    """The probability of each of `STANCES` for one or two English sentences; 10 ms on a CPU.

    The first call loads the model, which takes seconds.
    """
    head, bias, encode = _load()
    logits = encode(text) @ head.T + bias  # (3,)
    exponentials = np.exp(logits - logits.max())
    return dict(zip(STANCES, (exponentials / exponentials.sum()).tolist(), strict=True))


def load() -> None:
    """Load the model now: the first sentence then takes as long as every other one."""
    stance_probabilities("")


def _load() -> tuple[Vectors, Vectors, Any]:
    with _LOADING:
        return _loaded()


@cache
def _loaded() -> tuple[Vectors, Vectors, Any]:
    with np.load(WEIGHTS_FILE) as file:
        weights = {name: file[name].astype(np.float32) for name in file.files}
    changes = {
        name.removesuffix(".up"): up @ weights[f"{name.removesuffix('.up')}.down"]
        for name, up in weights.items()
        if name.endswith(".up")
    }
    return weights["head.weight"], weights["head.bias"], load_token_means(changes)
