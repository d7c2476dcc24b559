"""Restyle photographs to known values of color, saturation and detail.

Style and medium stay unknown, because photographs have no labels for them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from training.prefersim.drawing.canvas import SIDE, Floats, noise, per_image
from training.prefersim.drawing.colors import hue_and_saturation, to_rgb
from training.prefersim.drawing.renderer import Pixels
from training.prefersim.drawing.sharpness import EDGES, with_edges
from training.prefersim.values.vocabulary import (
    CHROMA,
    HUES,
    UNKNOWN_VALUE,
    Attributes,
    sample_attributes,
)

IN_TRAINING: Final = (
    *("astronaut", "brick", "cell", "chelsea", "china", "clock", "coins", "gravel"),
    *("hubble_deep_field", "immunohistochemistry", "moon", "retina", "rocket"),
)
HELD_OUT: Final = ("camera", "coffee", "flower", "grass", "motorcycle")
"""Whole photographs are held out, so that training sees no part of a test image."""

SMALLEST_CROP: Final = 0.3
"""Side of the smallest crop, as a share of the photograph's shorter side."""
LARGEST: Final = 512
"""Longest side of a loaded photograph in pixels: more would only be slower."""
HUE_SPREAD: Final = 40.0
"""Largest distance in degrees of a pixel's hue from the target hue."""
HUE_JITTER: Final = 5.0
SATURATION_SPREAD: Final = 0.4
"""Share of the range around the target saturation that the pixels use."""


@dataclass(frozen=True)
class Crops:
    """Restyled crops of photographs."""

    pixels: Pixels
    attributes: Attributes
    sources: npt.NDArray[np.int64]
    """(count,) index of each crop's photograph: crops of one photograph are not independent."""


def draw_photographs(
    rng: np.random.Generator, count: int, *, held_out: bool = False
) -> tuple[Pixels, Attributes]:
    """Random crops, restyled to uniformly drawn values: pixels and attributes (count, 5).

    The attributes have `UNKNOWN_VALUE` for style and medium. `held_out` selects the held-out
    photographs.
    """
    crops = draw_crops(rng, count, held_out=held_out)
    return crops.pixels, crops.attributes


def draw_crops(rng: np.random.Generator, count: int, *, held_out: bool = False) -> Crops:
    """Like `draw_photographs`, with the photograph of each crop."""
    attributes = sample_attributes(rng, count)
    attributes[:, [0, 2]] = UNKNOWN_VALUE
    names = HELD_OUT if held_out else IN_TRAINING
    sources = rng.integers(len(names), size=count)
    crops = np.stack([_crop(rng, names[int(k)]) for k in sources])
    return Crops(restyle(crops, attributes, rng), attributes, sources)


def restyle(photographs: Pixels, attributes: Attributes, rng: np.random.Generator) -> Pixels:
    """Give photographs (n, SIDE, SIDE, 3) the color, saturation and detail of `attributes`."""
    count = len(photographs)
    _, color, _, saturation, detail = attributes.T
    own_hue, own_saturation = hue_and_saturation(photographs)
    target_hue = np.array(tuple(HUES.values()))[color]
    target_hue = target_hue + rng.uniform(-HUE_JITTER, HUE_JITTER, count)
    chroma = np.array(tuple(CHROMA.values()))[saturation] * rng.uniform(0.93, 1.07, count)
    edges = np.array(tuple(EDGES.values()))[detail] * rng.uniform(0.9, 1.1, count)
    value = with_edges(_normalized(photographs.max(-1) / np.float32(255), rng), edges)
    hue = per_image(target_hue) + _hue_variation(own_hue, own_saturation, rng)
    return to_rgb(hue, _saturation_around(per_image(np.clip(chroma, 0, 1)), own_saturation), value)


def _hue_variation(hue: Floats, saturation: Floats, rng: np.random.Generator) -> Floats:
    """A reduced part of the photograph's own variation of hue, in degrees around zero."""
    weight = saturation + np.float32(1e-3)
    direction = np.exp(1j * np.radians(hue))
    mean = (weight * direction).sum((1, 2), keepdims=True)
    deviation = np.degrees(np.angle(direction * mean.conj())) * np.clip(saturation / 0.3, 0, 1)
    share = per_image(rng.uniform(0.05, 0.4, len(hue)))
    smooth = 6 * noise(rng, len(hue), rows=4, columns=4)
    variation = np.clip(share * deviation + smooth, -HUE_SPREAD, HUE_SPREAD)
    return np.asarray(variation - variation.mean((1, 2), keepdims=True), np.float32)


def _saturation_around(chroma: Floats, saturation: Floats) -> Floats:
    """Saturations with the mean `chroma` that vary like the photograph's own `saturation`."""
    wave = saturation - saturation.mean((1, 2), keepdims=True)
    wave = np.clip(wave / (2 * wave.std((1, 2), keepdims=True) + 1e-3), -1, 1)
    wave = wave - wave.mean((1, 2), keepdims=True)
    room = SATURATION_SPREAD * np.minimum(chroma, 1 - chroma)
    return np.asarray(np.clip(chroma + room * wave, 0, 1), np.float32)


def _normalized(value: Floats, rng: np.random.Generator) -> Floats:
    """Photographs with similar mean and contrast, so that their edges are comparable."""
    count = len(value)
    middle, contrast = rng.uniform(0.5, 0.65, count), rng.uniform(0.16, 0.22, count)
    wave = value - value.mean((1, 2), keepdims=True)
    wave = wave / (wave.std((1, 2), keepdims=True) + np.float32(1e-3))
    return np.asarray(per_image(middle) + per_image(contrast) * wave, np.float32)


def _crop(rng: np.random.Generator, name: str) -> Pixels:
    photograph = _read(name)
    side = min(photograph.size) * rng.uniform(SMALLEST_CROP, 1)
    left = rng.uniform(0, photograph.width - side)
    top = rng.uniform(0, photograph.height - side)
    box = (left, top, left + side, top + side)
    pixels = np.asarray(photograph.resize((SIDE, SIDE), Image.Resampling.BICUBIC, box=box))
    if rng.random() < 0.5:
        pixels = pixels[:, ::-1]
    return pixels.transpose(1, 0, 2) if rng.random() < 0.25 else pixels


@lru_cache(maxsize=len(IN_TRAINING) + len(HELD_OUT))
def _read(name: str) -> Image.Image:
    """A photograph from the package scikit-image or scikit-learn."""
    reader = _OTHER_READERS.get(name) or (lambda: _from_scikit_image(name))
    photograph = Image.fromarray(reader()).convert("RGB")
    photograph.thumbnail((LARGEST, LARGEST))
    return photograph


def _from_scikit_image(name: str) -> Pixels:
    from skimage import data  # a slow import: only when photographs are needed

    return np.asarray(getattr(data, name)())


def _from_scikit_learn(name: str) -> Pixels:
    from sklearn.datasets import load_sample_image  # a slow import

    return np.asarray(load_sample_image(name))


def _motorcycle() -> Pixels:
    from skimage import data  # a slow import

    return np.asarray(data.stereo_motorcycle()[0])


_OTHER_READERS: Final[Mapping[str, Callable[[], Pixels]]] = {
    "china": lambda: _from_scikit_learn("china.jpg"),
    "flower": lambda: _from_scikit_learn("flower.jpg"),
    "motorcycle": _motorcycle,
}
