"""Read how a checkpoint expects its images: size, patches and color normalization."""

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PIL import Image

from shared.vlm.checkpoint.pixel_limits import LONGEST_STRIP, PixelLimits

DEFAULT_MIN_PIXELS = 56 * 56
DEFAULT_MAX_PIXELS = 28 * 28 * 1280
"""Limits of the transformers library for Qwen2.5-VL, used when a checkpoint names none."""
DEFAULT_MEAN = (0.48145466, 0.4578275, 0.40821073)
DEFAULT_STD = (0.26862954, 0.26130258, 0.27577711)
"""Mean and standard deviation of RGB in the same library, used when a checkpoint names none."""


@dataclass(frozen=True)
class VisionConfig:
    """How a checkpoint expects its images; sides of patches in pixels."""

    patch: int
    merge: int
    min_pixels: int
    max_pixels: int
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @staticmethod
    def read(folder: Path) -> "VisionConfig":
        """Read the settings of the image processor, in either of their two spellings."""
        config = image_processor_settings(folder)
        size = config.get("size") or {}
        return VisionConfig(
            patch=config.get("patch_size", 14),
            merge=config.get("merge_size", 2),
            min_pixels=config.get("min_pixels") or size.get("shortest_edge") or DEFAULT_MIN_PIXELS,
            max_pixels=config.get("max_pixels") or size.get("longest_edge") or DEFAULT_MAX_PIXELS,
            mean=tuple(config.get("image_mean") or DEFAULT_MEAN),
            std=tuple(config.get("image_std") or DEFAULT_STD),
        )

    def limited(self, limits: PixelLimits) -> "VisionConfig":
        """The same with its pixel limits narrowed to `limits`."""
        least, most = limits.within(self.min_pixels, self.max_pixels)
        if least == most and self.min_pixels != self.max_pixels:
            least = most // 2  # equal limits would mean a model with one size
        return replace(self, min_pixels=least, max_pixels=most)

    def size_for(self, width: int, height: int) -> tuple[int, int]:
        """Width and height to which an image is scaled: multiples of one token's side.

        A model with one image size sees every image as a square; nothing is cut off. For other
        models the image keeps its proportions within the pixel limits, by the library's rule.
        """
        side = self.patch * self.merge
        if self.min_pixels == self.max_pixels:
            edge = max(side, round(math.isqrt(self.max_pixels) / side) * side)
            return edge, edge
        # The library rejects a longer strip; here it is squeezed.
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


def has_vision_config(folder: Path) -> bool:
    """Whether images are cut and merged as in Qwen's models, so that `VisionConfig` describes it.

    In other checkpoints `longest_edge` is the length of a side, and not an area.
    """
    try:
        return "merge_size" in image_processor_settings(folder)
    except (OSError, ValueError):
        return False


def image_processor_settings(folder: Path) -> dict[str, Any]:
    """`preprocessor_config.json`, or its part of `processor_config.json` in newer checkpoints."""
    file = folder / "preprocessor_config.json"
    if file.is_file():
        settings: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return settings
    whole = json.loads((folder / "processor_config.json").read_text(encoding="utf-8"))
    return dict(whole.get("image_processor") or {})
