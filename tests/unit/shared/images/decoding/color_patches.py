"""Patches of known colors, and how far a decoded image is from them."""

from typing import Any, Final

import numpy as np
from PIL import Image

from shared.images.decoding.decoder import decode
from shared.images.settings import ImageSettings

SETTINGS: Final = ImageSettings()
FORMATS: dict[str, dict[str, Any]] = {
    "PNG": {},
    "JPEG": {"quality": 100, "subsampling": 0},
    "WEBP": {"lossless": True},
}


def colors() -> Image.Image:
    """Patches of 64 colors, 8 x 8 pixels each: a JPEG keeps their values."""
    levels = np.array([0, 85, 170, 255], np.uint8)
    patches = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), -1).reshape(8, 8, 3)
    return Image.fromarray(patches.repeat(8, 0).repeat(8, 1))


def pixels_of(data: bytes) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.asarray(decode(data, "image", SETTINGS)).astype(np.int64)


def difference(data: bytes, image: Image.Image) -> float:
    """Mean absolute difference of the decoded values, 0-255."""
    return float(np.abs(pixels_of(data) - np.asarray(image.convert("RGB")).astype(int)).mean())
