"""Render scenes with chosen values of the five elements; it plays the text-to-image model.

The elements act on different things, so that none hides another: the style draws the value
channel, ornaments lie on top, the medium textures the whole, hue and saturation come last.
"""

from typing import Final

import numpy as np
from PIL import Image

from shared.domain.taste import ELEMENTS
from training.prefersim.drawing.canvas import Floats, noise, per_image
from training.prefersim.drawing.colors import Pixels, to_rgb
from training.prefersim.drawing.mediums import lay_on
from training.prefersim.drawing.ornaments import stamp_on
from training.prefersim.drawing.scenes import Scenes
from training.prefersim.drawing.styles import draw
from training.prefersim.values.scales import toward_middle
from training.prefersim.values.vocabulary import CHROMA, HUES, Attributes

__all__ = ["Pixels", "as_image", "render"]

HUE_JITTER: Final = 5.0
"""Degrees to either side of a color that a drawing's own may lie."""
HUE_WANDER: Final = 36.0
"""Degrees by which a color cue of no strength at all wanders across a drawing (deviation)."""
_DEGREES: Final = np.array(tuple(HUES.values()))
_CHROMA: Final = np.array(tuple(CHROMA.values()))


def render(
    scenes: Scenes,
    attributes: Attributes,
    rng: np.random.Generator,
    strength: Floats | None = None,
) -> Pixels:
    """Each scene with its row of `attributes` (n, 5).

    `strength` (n, 5), 0-1, weakens the cue of single elements: the bare scene shows through a
    style, a medium lies thinner, a color wanders, saturation and detail move toward the middle of
    their scales. Without it every cue has its full strength.
    """
    count = len(scenes)
    whole = np.ones((count, len(ELEMENTS)), np.float32)
    style, color, medium, saturation, detail = np.asarray(attributes).T
    of_style, of_color, of_medium, of_saturation, of_detail = (
        whole if strength is None else np.asarray(strength, np.float32)
    ).T
    value = draw(scenes, style, rng, strength=of_style)
    hue = per_image(_DEGREES[color] + rng.uniform(-HUE_JITTER, HUE_JITTER, count))
    hue = hue + _wander(rng, 1 - of_color) + 8 * (value - 0.5)
    chroma = toward_middle(_CHROMA, saturation, of_saturation) * rng.uniform(0.93, 1.07, count)
    value = stamp_on(value, detail, rng, strength=of_detail)
    value = lay_on(value, medium, rng, strength=of_medium) * 0.9 + 0.08
    return to_rgb(hue, per_image(np.clip(chroma, 0, 1)), value)


def as_image(pixels: Pixels) -> Image.Image:
    """One drawing as a picture."""
    return Image.fromarray(pixels)


def _wander(rng: np.random.Generator, weakness: Floats) -> Floats:
    """Smooth changes of hue in degrees that average to nothing: (n, SIDE, SIDE), or zero."""
    if not weakness.any():
        return per_image(weakness)
    waves = noise(rng, len(weakness), rows=6, columns=6)
    waves -= waves.mean(axis=(1, 2), keepdims=True)
    return HUE_WANDER * per_image(weakness) * waves
