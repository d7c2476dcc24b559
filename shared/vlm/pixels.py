"""Turn images into the patches that a Qwen2.5-VL vision tower takes.

Done here and not by the library's image processor, which wants torchvision for nothing else.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from shared.vlm.qwen_forward import patchify

DEFAULT_MIN_PIXELS = 56 * 56
DEFAULT_MAX_PIXELS = 28 * 28 * 1280
"""The library's own limits for Qwen2.5-VL, where a checkpoint names none."""
DEFAULT_MEAN = (0.48145466, 0.4578275, 0.40821073)
DEFAULT_STD = (0.26862954, 0.26130258, 0.27577711)
"""The library's own colours likewise."""
LONGEST_STRIP = 200
"""Times that one side may be longer than the other."""
FRAMES = 2
"""An image counts as two equal frames of a video."""


@dataclass(frozen=True)
class Vision:
    """How a checkpoint wants its images."""

    patch: int
    merge: int
    min_pixels: int
    max_pixels: int
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @staticmethod
    def read(folder: Path) -> "Vision":
        """From `preprocessor_config.json`, in either of its spellings."""
        found = json.loads((folder / "preprocessor_config.json").read_text(encoding="utf-8"))
        size = found.get("size") or {}
        return Vision(
            patch=found.get("patch_size", 14),
            merge=found.get("merge_size", 2),
            min_pixels=found.get("min_pixels") or size.get("shortest_edge") or DEFAULT_MIN_PIXELS,
            max_pixels=found.get("max_pixels") or size.get("longest_edge") or DEFAULT_MAX_PIXELS,
            mean=tuple(found.get("image_mean") or DEFAULT_MEAN),
            std=tuple(found.get("image_std") or DEFAULT_STD),
        )

    def size_for(self, width: int, height: int) -> tuple[int, int]:
        """Width and height that an image is scaled to: multiples of a token's side.

        A model of one image size sees every image squared: nothing is cut off. Others keep the
        proportions within the limits on pixels, by the library's own rule.
        """
        side = self.patch * self.merge
        if self.min_pixels == self.max_pixels:
            edge = max(side, round(math.isqrt(self.max_pixels) / side) * side)
            return edge, edge
        # The library refuses a longer strip; we squeeze it.
        width, height = min(width, LONGEST_STRIP * height), min(height, LONGEST_STRIP * width)
        across, down = (round(edge / side) * side for edge in (width, height))
        if across * down > self.max_pixels:
            factor = math.sqrt(width * height / self.max_pixels)
            across, down = (
                max(side, math.floor(edge / factor / side) * side) for edge in (width, height)
            )
        elif across * down < self.min_pixels:
            factor = math.sqrt(self.min_pixels / (width * height))
            across, down = (math.ceil(edge * factor / side) * side for edge in (width, height))
        return across, down


@dataclass(frozen=True)
class Pictures:
    """Images ready for the model: all patches in one row, and the grid of each."""

    patches: Tensor
    """(patches of all images, 3 x frames x patch x patch)"""
    grids: Tensor
    """(images, 3): frames, rows and columns of patches"""
    tokens: tuple[int, ...]
    """Places that each image takes in a prompt."""


def prepare(images: Sequence[Image.Image], vision: Vision) -> Pictures:
    """Scale, normalise and cut images into patches."""
    parts: list[Tensor] = []
    grids: list[tuple[int, int, int]] = []
    for image in images:
        across, down = vision.size_for(*image.size)
        scaled = image.convert("RGB").resize((across, down), Image.Resampling.BICUBIC)
        pixels = torch.from_numpy(np.asarray(scaled, dtype=np.uint8).copy())[None]
        cut = patchify(
            pixels, patch=vision.patch, merge=vision.merge, mean=vision.mean, std=vision.std
        )[0]
        parts.append(_both_frames(cut, vision.patch))
        grids.append((1, down // vision.patch, across // vision.patch))
    tokens = tuple(rows * columns // vision.merge**2 for _, rows, columns in grids)
    width = 3 * FRAMES * vision.patch**2
    patches = torch.cat(parts) if parts else torch.zeros(0, width)
    return Pictures(patches, torch.tensor(grids, dtype=torch.long).reshape(-1, 3), tokens)


def _both_frames(cut: Tensor, patch: int) -> Tensor:
    """(L, 3 x p x p) -> (L, 3 x frames x p x p), each channel's frames together."""
    length = cut.shape[0]
    return cut.view(length, 3, 1, patch * patch).expand(-1, -1, FRAMES, -1).reshape(length, -1)
