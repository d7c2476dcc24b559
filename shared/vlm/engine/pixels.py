"""Cut images into the patches that a Qwen2.5-VL vision tower takes.

The image processor of the transformers library is not used: it needs torchvision only for this.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from shared.vlm.checkpoint.vision_config import VisionConfig
from shared.vlm.engine.qwen_forward import patchify

FRAMES: Final = 2
"""An image counts as a video of two equal frames."""


@dataclass(frozen=True)
class ImagePatches:
    """Images as the model takes them: all patches in one tensor, and the grid of each image."""

    patches: Tensor
    """(patches of all images, 3 x frames x patch x patch)"""
    grids: Tensor
    """(images, 3): frames, rows and columns of patches"""
    tokens: tuple[int, ...]
    """Number of tokens of each image in a prompt."""


def to_patches(images: Sequence[Image.Image], vision: VisionConfig) -> ImagePatches:
    """Scale, normalize and cut images."""
    parts: list[Tensor] = []
    grids: list[tuple[int, int, int]] = []
    for image in images:
        scaled = vision.scaled(image)
        across, down = scaled.size
        pixels = torch.from_numpy(np.asarray(scaled, dtype=np.uint8).copy())[None]
        cut = patchify(
            pixels, patch=vision.patch, merge=vision.merge, mean=vision.mean, std=vision.std
        )[0]
        parts.append(_both_frames(cut, vision.patch))
        grids.append((1, down // vision.patch, across // vision.patch))
    tokens = tuple(rows * columns // vision.merge**2 for _, rows, columns in grids)
    width = 3 * FRAMES * vision.patch**2
    patches = torch.cat(parts) if parts else torch.zeros(0, width)
    return ImagePatches(patches, torch.tensor(grids, dtype=torch.long).reshape(-1, 3), tokens)


def _both_frames(cut: Tensor, patch: int) -> Tensor:
    """(L, 3 x p x p) -> (L, 3 x frames x p x p), each channel's frames together."""
    length = cut.shape[0]
    return cut.view(length, 3, 1, patch * patch).expand(-1, -1, FRAMES, -1).reshape(length, -1)
