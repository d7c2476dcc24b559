"""Render scenes with chosen values of the five elements; it plays the text-to-image model.

The elements act on different things, so that none hides another: the style draws the value
channel, ornaments lie on top, the medium textures the whole, hue and saturation come last.
"""

import numpy as np
import numpy.typing as npt
from PIL import Image

from training.prefersim.canvas import SIDE, Floats, per_image
from training.prefersim.mediums import lay_on
from training.prefersim.ornaments import stamp_on
from training.prefersim.scenes import Scenes
from training.prefersim.styles import draw
from training.prefersim.vocabulary import CHROMA, HUES, Attributes

Pixels = npt.NDArray[np.uint8]
"""Red, green, blue 0-255: (n, SIDE, SIDE, 3)."""


def render(scenes: Scenes, attributes: Attributes, rng: np.random.Generator) -> Pixels:
    """Each scene with its row of `attributes` (n, 5)."""
    style, color, medium, saturation, detail = np.asarray(attributes).T
    count = len(scenes)
    value = draw(scenes, style, rng)
    degrees = np.array(tuple(HUES.values()))[color] + rng.uniform(-6, 6, count)
    hue = per_image(degrees) + 14 * (value - 0.5)
    chroma = np.array(tuple(CHROMA.values()))[saturation] * rng.uniform(0.9, 1.1, count)
    value = lay_on(stamp_on(value, detail, rng), medium, rng) * 0.9 + 0.08
    return _to_rgb(hue, per_image(np.clip(chroma, 0, 1)), value)


def as_image(pixels: Pixels) -> Image.Image:
    """One drawing as a picture."""
    return Image.fromarray(pixels)


def _to_rgb(hue: Floats, saturation: Floats, value: Floats) -> Pixels:
    """Hue in degrees, the others 0-1."""
    rgb = np.empty((*value.shape, 3), np.uint8)
    for channel, offset in enumerate((5, 3, 1)):
        sector = (offset + hue / 60) % 6
        rgb[..., channel] = 255 * (
            value - value * saturation * np.clip(np.minimum(sector, 4 - sector), 0, 1)
        )
    assert rgb.shape[1:] == (SIDE, SIDE, 3)
    return rgb
