"""Image tokens for the text stage: cached from a frozen vision tower, or from a trained one."""

import warnings
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import torch
from torch import Tensor

from shared.vlm.engine.qwen_forward import Blocks
from training.nano.data.image_pool import Pool
from training.nano.model.vision_tower import device_of, encode_images
from training.nano.train.zero_shot_head import targets, word_ids, zero_shot_loss
from training.prefersim.drawing.renderer import Pixels

ZERO_SHOT_IMAGES: Final = 256
"""Images of the zero-shot loss at each step, so that the tower does not forget its first stage."""
ZERO_SHOT_WEIGHT: Final = 0.2
"""Weight of that loss, which starts at a tenth of its value at the start of the vision stage."""


class ImageFeatures(Protocol):
    """Image tokens of a pool, and a further loss for the vision tower."""

    trains_tower: bool

    def tokens(self, images: Tensor) -> Tensor:
        """Tokens of the images at these positions (n,) in the pool: (n, 9, d)."""
        ...

    def auxiliary_loss(self, step: int) -> Tensor | None:
        """A loss to add to the loss of this step, if any."""
        ...


@dataclass(frozen=True)
class CachedImageFeatures:
    """Tokens of a frozen vision tower, computed once for each image."""

    cache: Tensor  # (pool, 9, d)
    trains_tower: bool = False

    def tokens(self, images: Tensor) -> Tensor:
        return self.cache[images]

    def auxiliary_loss(self, step: int) -> Tensor | None:
        return None


class TrainedImageFeatures:
    """Tokens of a vision tower that is trained: by the text tasks and by the zero-shot loss."""

    trains_tower = True

    def __init__(
        self, model: Any, pool: Pool, tokenizer: Any, *, seed: int, blocks: Blocks | None = None
    ) -> None:
        self._model, self._pool, self._blocks = model, pool, blocks
        self._words = word_ids(tokenizer).to(device_of(model))
        self._pixels = pixels_on_device(pool.pixels, device_of(model))
        self._seed = seed

    def tokens(self, images: Tensor) -> Tensor:
        return encode_images(self._model, self._pixels[images], blocks=self._blocks)

    def auxiliary_loss(self, step: int) -> Tensor | None:
        rng = np.random.default_rng((self._seed, step, ZERO_SHOT_IMAGES))
        chosen = rng.integers(len(self._pool), size=ZERO_SHOT_IMAGES)
        truth = targets(self._pool.attributes[chosen])
        pixels = self._pixels[torch.from_numpy(chosen).to(self._pixels.device)]
        loss = zero_shot_loss(self._model, self._words, pixels, truth, blocks=self._blocks)
        return ZERO_SHOT_WEIGHT * loss


def pixels_on_device(pixels: Pixels, device: torch.device) -> Tensor:
    """All pixels of a pool: on a GPU in its memory, on the CPU a memory map of the file."""
    with warnings.catch_warnings():
        # The library warns of arrays that cannot be written; nothing here writes.
        warnings.filterwarnings("ignore", message=".*not writable.*")
        mapped = torch.from_numpy(pixels)
    return mapped.to(device)
