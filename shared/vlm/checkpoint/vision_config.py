"""Know how a checkpoint wants its images: their size, their patches and their colours."""

import json
import math
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

DEFAULT_MIN_PIXELS = 56 * 56
DEFAULT_MAX_PIXELS = 28 * 28 * 1280
"""The library's own limits for Qwen2.5-VL, where a checkpoint names none."""
DEFAULT_MEAN = (0.48145466, 0.4578275, 0.40821073)
DEFAULT_STD = (0.26862954, 0.26130258, 0.27577711)
"""The library's own colours likewise."""
LONGEST_STRIP = 200
"""Times that one side may be longer than the other."""


@dataclass(frozen=True)
class VisionConfig:
    """How a checkpoint wants its images."""

    patch: int
    merge: int
    min_pixels: int
    max_pixels: int
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @staticmethod
    def read(folder: Path) -> "VisionConfig":
        """From `preprocessor_config.json`, in either of its spellings."""
        found = json.loads((folder / "preprocessor_config.json").read_text(encoding="utf-8"))
        size = found.get("size") or {}
        return VisionConfig(
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

    def scaled(self, image: Image.Image) -> Image.Image:
        """The image in RGB at `size_for` its size, as the model sees it."""
        size = self.size_for(*image.size)
        return image.convert("RGB").resize(size, Image.Resampling.BICUBIC)
