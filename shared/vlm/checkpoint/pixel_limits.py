"""Limit the pixels of the images that a model sees, and with them the tokens of a prompt."""

import math
from dataclasses import dataclass
from typing import Final

from PIL import Image

MAX_PIXELS: Final = 1024 * 1024
"""Default limit: 1,300 tokens of a Qwen2.5-VL. Its own limit of 12.8 million pixels is 16,000
tokens, ten times in a prediction."""

LONGEST_STRIP: Final = 200
"""Largest ratio of the two sides; image processors reject or distort longer strips."""


@dataclass(frozen=True)
class PixelLimits:
    """Least and most pixels of one image.

    Where a checkpoint's own limits are narrower, they apply.
    """

    min_pixels: int | None = None
    max_pixels: int = MAX_PIXELS

    def within(self, least: int, most: int) -> tuple[int, int]:
        """A checkpoint's own limits `least` and `most`, narrowed to these."""
        highest = min(most, self.max_pixels)
        return min(max(least, self.min_pixels or 0), highest), highest

    def scaled(self, image: Image.Image) -> Image.Image:
        """The image in RGB, within the limits, with its proportions."""
        rgb = image.convert("RGB")
        width = min(rgb.width, LONGEST_STRIP * rgb.height)
        height = min(rgb.height, LONGEST_STRIP * rgb.width)
        pixels = width * height
        least, most = self.within(0, self.max_pixels)
        factor = 1.0
        if not least <= pixels <= most:
            factor = math.sqrt((most if pixels > most else least) / pixels)
        rounded = math.ceil if pixels < least else math.floor
        size = max(1, rounded(width * factor)), max(1, rounded(height * factor))
        return rgb if size == rgb.size else rgb.resize(size, Image.Resampling.BICUBIC)
