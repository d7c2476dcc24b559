"""Change pictures as hosts and users do: crop, resize, compress, so that files mean nothing."""

import io
from typing import Final

import numpy as np
from PIL import Image

from shared.domain.images.picture_alpha import ALPHA

CROPPED, RESIZED, COMPRESSED = 0.5, 0.7, 0.6
"""Probabilities of each change."""
SIZES: Final = (96, 640)
"""Smallest and largest longer side in pixels, drawn log-uniformly."""
LARGEST_GAIN: Final = 2.5
QUALITIES: Final = (55, 96)
FILTERS: Final = (
    Image.Resampling.BICUBIC,
    Image.Resampling.BILINEAR,
    Image.Resampling.LANCZOS,
)
SMALLEST: Final = 8
"""Pixels of the smallest side."""


def changed(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """A random variant of an RGB picture, on white and without its alpha channel."""
    variant = picture.copy()
    variant.info.pop(ALPHA, None)
    variant.thumbnail((1024, 1024))
    if rng.random() < CROPPED:
        variant = _cropped(variant, rng)
    if rng.random() < RESIZED:
        side = float(np.exp(rng.uniform(*np.log(SIZES))))
        scale = min(side / max(variant.size), LARGEST_GAIN)
        size = tuple(max(SMALLEST, round(edge * scale)) for edge in variant.size)
        variant = variant.resize((size[0], size[1]), FILTERS[rng.integers(len(FILTERS))])
    if rng.random() < COMPRESSED:
        memory = io.BytesIO()
        variant.save(memory, "JPEG", quality=int(rng.integers(*QUALITIES)))
        with Image.open(memory) as compressed:
            variant = compressed.convert("RGB")
    return variant


def _cropped(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    share = rng.uniform(0.6, 0.95)
    width, height = (max(SMALLEST, int(edge * share)) for edge in picture.size)
    width, height = min(width, picture.width), min(height, picture.height)
    left = int(rng.integers(picture.width - width + 1))
    top = int(rng.integers(picture.height - height + 1))
    return picture.crop((left, top, left + width, top + height))
