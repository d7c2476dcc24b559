"""Render scenes with unfamiliar styles and mediums, and the simulator's colors and detail."""

from typing import Final

import numpy as np

from training.prefersim.drawing.canvas import per_image
from training.prefersim.drawing.colors import Pixels, to_rgb
from training.prefersim.drawing.ornaments import stamp_ornaments
from training.prefersim.drawing.renderer import HUE_JITTER
from training.prefersim.values.vocabulary import CHROMA, HUES, Attributes
from training.simulate.unfamiliar.mediums import apply_mediums
from training.simulate.unfamiliar.scenes import Light
from training.simulate.unfamiliar.styles import draw_styles

_DEGREES: Final = np.array(tuple(HUES.values()))
_CHROMA: Final = np.array(tuple(CHROMA.values()))


def render(light: Light, attributes: Attributes, rng: np.random.Generator) -> Pixels:
    """Each scene with its row of `attributes` (n, 5), indices into `UNFAMILIAR_VALUES`.

    Pixels (n, SIDE, SIDE, 3).
    """
    count = len(light)
    style, color, medium, saturation, detail = np.asarray(attributes).T
    value = draw_styles(light, style, rng)
    hue = per_image(_DEGREES[color] + rng.uniform(-HUE_JITTER, HUE_JITTER, count))
    hue = hue + 8 * (value - 0.5)
    chroma = _CHROMA[saturation] * rng.uniform(0.93, 1.07, count)
    full = np.ones(count, np.float32)
    value = stamp_ornaments(value, detail, rng, strength=full)
    value = apply_mediums(value, medium, rng) * 0.9 + 0.08
    return to_rgb(hue, per_image(np.clip(chroma, 0, 1)), value)
