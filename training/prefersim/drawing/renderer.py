"""Render scenes with chosen values of the five elements, in place of a text-to-image model.

Each element changes another property of the image, so that no element hides another. The style
draws the value channel, ornaments are stamped on it, the medium adds a texture, and hue and
saturation come last.
"""

from typing import Final

import numpy as np
from PIL import Image

from shared.domain.taste import ELEMENTS
from training.prefersim.drawing.canvas import Floats, noise, per_image
from training.prefersim.drawing.colors import Pixels, to_rgb
from training.prefersim.drawing.mediums import apply_mediums
from training.prefersim.drawing.ornaments import stamp_ornaments
from training.prefersim.drawing.scenes import Scenes, draw_scenes
from training.prefersim.drawing.styles import draw_styles
from training.prefersim.values.scales import toward_middle
from training.prefersim.values.vocabulary import CHROMA, HUES, Attributes

__all__ = ["Pixels", "as_image", "draw_images", "render"]

HUE_JITTER: Final = 5.0
"""Largest distance in degrees of a drawing's hue from its color."""
HUE_WANDER: Final = 36.0
"""Standard deviation in degrees of the hue across a drawing, at a color strength of 0."""
_DEGREES: Final = np.array(tuple(HUES.values()))
_CHROMA: Final = np.array(tuple(CHROMA.values()))


def render(
    scenes: Scenes,
    attributes: Attributes,
    rng: np.random.Generator,
    strength: Floats | None = None,
) -> Pixels:
    """Render each scene with its row of `attributes` (n, 5): pixels (n, SIDE, SIDE, 3).

    `strength` (n, 5), 0-1, weakens the cues of single elements: the plain scene is blended with the
    style, the medium is weaker, the hue varies, and saturation and detail move toward the middle
    of their scales. The default is full strength.
    """
    count = len(scenes)
    full = np.ones((count, len(ELEMENTS)), np.float32)
    style, color, medium, saturation, detail = np.asarray(attributes).T
    strengths = full if strength is None else np.asarray(strength, np.float32)
    of_style, of_color, of_medium, of_saturation, of_detail = strengths.T
    value = draw_styles(scenes, style, rng, strength=of_style)
    hue = per_image(_DEGREES[color] + rng.uniform(-HUE_JITTER, HUE_JITTER, count))
    hue = hue + _hue_variation(rng, 1 - of_color) + 8 * (value - 0.5)
    chroma = toward_middle(_CHROMA, saturation, of_saturation) * rng.uniform(0.93, 1.07, count)
    value = stamp_ornaments(value, detail, rng, strength=of_detail)
    value = apply_mediums(value, medium, rng, strength=of_medium) * 0.9 + 0.08
    return to_rgb(hue, per_image(np.clip(chroma, 0, 1)), value)


def as_image(pixels: Pixels) -> Image.Image:
    """One drawing (SIDE, SIDE, 3) as a PIL image."""
    return Image.fromarray(pixels)


def draw_images(
    rng: np.random.Generator, attributes: Attributes, scene_of: Attributes
) -> list[Image.Image]:
    """Draw images of these values (n, 5); equal numbers in `scene_of` (n,) share a scene."""
    scenes = draw_scenes(rng, int(scene_of.max()) + 1).take(scene_of)
    return [as_image(pixels) for pixels in render(scenes, attributes, rng)]


def _hue_variation(rng: np.random.Generator, weakness: Floats) -> Floats:
    """Smooth variation of hue in degrees with mean 0: (n, SIDE, SIDE), or zeros (n, 1, 1)."""
    if not weakness.any():
        return per_image(weakness)
    waves = noise(rng, len(weakness), rows=6, columns=6)
    waves -= waves.mean(axis=(1, 2), keepdims=True)
    return HUE_WANDER * per_image(weakness) * waves
