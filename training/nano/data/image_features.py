"""Where the text stage gets image tokens from: a frozen eye's memory, or an eye that learns too."""

import warnings
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import torch
from torch import Tensor

from shared.vlm.engine.qwen_forward import Blocks
from training.nano.data.image_pool import Pool
from training.nano.model.vision_tower import device_of, look
from training.nano.train.zero_shot_head import answer_ids, naming_loss, wanted
from training.prefersim.drawing.renderer import Pixels

NAMED: Final = 256
"""Images whose elements an eye that learns names beside every step, lest it forget to."""
NAMING_WEIGHT: Final = 0.2
"""Of the loss of naming: it begins at a tenth of what it was when the eye began."""


class Seeing(Protocol):
    """Image tokens for drawings of a pool, and what the eye itself is to learn."""

    learns: bool

    def tokens(self, drawings: Tensor) -> Tensor:
        """Those of the drawings (n,), a place in the pool each: (n, 9, d)."""
        ...

    def loss(self, step: int) -> Tensor | None:
        """What is added to the loss of a step, if anything."""
        ...


@dataclass(frozen=True)
class Remembered:
    """An eye that stays as it is: every drawing was looked at once."""

    kept: Tensor  # (pool, 9, d)
    learns: bool = False

    def tokens(self, drawings: Tensor) -> Tensor:
        return self.kept[drawings]

    def loss(self, step: int) -> Tensor | None:
        return None


class Learning:
    """An eye that learns with the text: from what is asked about images, and from naming them."""

    learns = True

    def __init__(
        self, model: Any, pool: Pool, tokenizer: Any, *, seed: int, blocks: Blocks | None = None
    ) -> None:
        self._model, self._pool, self._blocks = model, pool, blocks
        self._answers = answer_ids(tokenizer).to(device_of(model))
        self._pixels = resident(pool.pixels, device_of(model))
        self._seed = seed

    def tokens(self, drawings: Tensor) -> Tensor:
        return look(self._model, self._pixels[drawings], blocks=self._blocks)

    def loss(self, step: int) -> Tensor | None:
        rng = np.random.default_rng((self._seed, step, NAMED))
        chosen = rng.integers(len(self._pool), size=NAMED)
        truth = wanted(self._pool.attributes[chosen])
        pixels = self._pixels[torch.from_numpy(chosen).to(self._pixels.device)]
        return NAMING_WEIGHT * naming_loss(
            self._model, self._answers, pixels, truth, blocks=self._blocks
        )


def resident(pixels: Pixels, device: torch.device) -> Tensor:
    """All pixels of a pool: in the GPU's memory, or where they lie, on disk perhaps."""
    with warnings.catch_warnings():
        # The library warns of arrays that cannot be written; nothing here writes.
        warnings.filterwarnings("ignore", message=".*not writable.*")
        lying = torch.from_numpy(pixels)
    return lying.to(device)
