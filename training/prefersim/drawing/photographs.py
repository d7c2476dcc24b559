"""Restyle real photographs, so that their color, saturation and detail are known values.

Style and medium stay unknown: nobody has said what a photograph's are.
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
"""Photographs, not crops: what a test shows was never seen in any part."""

SMALLEST_CROP: Final = 0.3
"""Side of the smallest crop, as a share of the photograph's shorter side."""
LARGEST: Final = 512
"""Pixels of a photograph's longer side that are kept: more would only be slower."""
HUE_SPREAD: Final = 40.0
"""Degrees from its color that a pixel of a restyled photograph may lie, at most."""
HUE_JITTER: Final = 5.0
SATURATION_SPREAD: Final = 0.4
"""How much of the room around a saturation its pixels take."""


@dataclass(frozen=True)
class Crops:
    """Restyled crops of photographs."""

    pixels: Pixels
    attributes: Attributes
    sources: npt.NDArray[np.int64]
    """(count,) number of each crop's photograph: crops of one photograph are not independent."""


def draw_photographs(
    rng: np.random.Generator, count: int, *, held_out: bool = False
) -> tuple[Pixels, Attributes]:
    """Crops of photographs, each restyled to uniformly drawn values: pixels and rows (count, 5).

    The rows have `UNKNOWN_VALUE` for style and medium. `held_out` draws from held-out photographs.
    """
    crops = draw_crops(rng, count, held_out=held_out)
    return crops.pixels, crops.attributes


def draw_crops(rng: np.random.Generator, count: int, *, held_out: bool = False) -> Crops:
    """As `draw_photographs`, with the photograph that each crop comes from."""
    attributes = sample_attributes(rng, count)
    attributes[:, [0, 2]] = UNKNOWN_VALUE
    names = HELD_OUT if held_out else IN_TRAINING
    sources = rng.integers(len(names), size=count)
    crops = np.stack([_crop(rng, names[int(k)]) for k in sources])
    return Crops(restyle(crops, attributes, rng), attributes, sources)


def restyle(photographs: Pixels, attributes: Attributes, rng: np.random.Generator) -> Pixels:
    """Photographs (n, SIDE, SIDE, 3) with the color, saturation and detail of their rows."""
    count = len(photographs)
    _, color, _, saturation, detail = attributes.T
    seen_hue, seen_saturation = hue_and_saturation(photographs)
    target_hue = np.array(tuple(HUES.values()))[color]
    target_hue = target_hue + rng.uniform(-HUE_JITTER, HUE_JITTER, count)
    chroma = np.array(tuple(CHROMA.values()))[saturation] * rng.uniform(0.93, 1.07, count)
    edges = np.array(tuple(EDGES.values()))[detail] * rng.uniform(0.9, 1.1, count)
    value = with_edges(_evened(photographs.max(-1) / np.float32(255), rng), edges)
    hue = per_image(target_hue) + _spread(seen_hue, seen_saturation, rng)
    return to_rgb(hue, _around(per_image(np.clip(chroma, 0, 1)), seen_saturation), value)


def _spread(hue: Floats, saturation: Floats, rng: np.random.Generator) -> Floats:
    """What is left of a photograph's own changes of hue, in degrees around zero."""
    weight = saturation + np.float32(1e-3)
    around = np.exp(1j * np.radians(hue))
    middle = (weight * around).sum((1, 2), keepdims=True)
    apart = np.degrees(np.angle(around * middle.conj())) * np.clip(saturation / 0.3, 0, 1)
    kept = per_image(rng.uniform(0.05, 0.4, len(hue)))
    wander = 6 * noise(rng, len(hue), rows=4, columns=4)
    spread = np.clip(kept * apart + wander, -HUE_SPREAD, HUE_SPREAD)
    return np.asarray(spread - spread.mean((1, 2), keepdims=True), np.float32)


def _around(chroma: Floats, seen: Floats) -> Floats:
    """Saturations of this mean that rise and fall where the photograph's do."""
    wave = seen - seen.mean((1, 2), keepdims=True)
    wave = np.clip(wave / (2 * wave.std((1, 2), keepdims=True) + 1e-3), -1, 1)
    wave = wave - wave.mean((1, 2), keepdims=True)
    room = SATURATION_SPREAD * np.minimum(chroma, 1 - chroma)
    return np.asarray(np.clip(chroma + room * wave, 0, 1), np.float32)


def _evened(value: Floats, rng: np.random.Generator) -> Floats:
    """The light of photographs at a usual mean and contrast, so that their edges compare."""
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
    """A photograph that comes inside the package scikit-image or scikit-learn."""
    reader = _ELSEWHERE.get(name) or (lambda: _of_scikit_image(name))
    photograph = Image.fromarray(reader()).convert("RGB")
    photograph.thumbnail((LARGEST, LARGEST))
    return photograph


def _of_scikit_image(name: str) -> Pixels:
    from skimage import data  # slow to load: only where photographs are asked for

    return np.asarray(getattr(data, name)())


def _of_scikit_learn(name: str) -> Pixels:
    from sklearn.datasets import load_sample_image  # slow to load

    return np.asarray(load_sample_image(name))


def _motorcycle() -> Pixels:
    from skimage import data  # slow to load

    return np.asarray(data.stereo_motorcycle()[0])


_ELSEWHERE: Final[Mapping[str, Callable[[], Pixels]]] = {
    "china": lambda: _of_scikit_learn("china.jpg"),
    "flower": lambda: _of_scikit_learn("flower.jpg"),
    "motorcycle": _motorcycle,
}
