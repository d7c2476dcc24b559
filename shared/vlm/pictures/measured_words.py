"""Measure the color, saturation and detail of a picture, and name their values.

The names and levels are those of the simulator (`training/prefersim/values`), which a test checks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops

from shared.domain.taste import Element
from shared.vlm.pictures.visible_part import VisiblePart

Floats = npt.NDArray[np.float32]

HUES: Final[Mapping[str, float]] = {
    "red": 0, "orange": 29, "yellow": 56, "lime": 85, "green": 120, "emerald": 150,
    "teal": 177, "azure": 205, "blue": 235, "purple": 267, "magenta": 299, "pink": 331,
}  # fmt: skip
"""Degrees of each color on the HSV color wheel."""
HUE_WIDTH: Final = 10.0
"""Standard deviation in degrees of the kernel that smooths the histogram of hues."""
GRAY: Final = 0.04
"""Saturation below which a picture has no color."""
SATURATIONS: Final[Mapping[str, float]] = {
    "muted": 0.13, "soft": 0.29, "balanced": 0.49, "bold": 0.72, "vivid": 0.97,
}  # fmt: skip
"""Saturation of each level, 0-1; a picture has the nearest one."""
EDGES: Final[Mapping[str, float]] = {
    "plain": 0.018, "moderate": 0.04, "rich": 0.082, "intricate": 0.16,
}  # fmt: skip
"""Edge density of each level: a picture has the nearest one on a logarithmic scale."""
EDGE_SIDE: Final = 84
"""Pixels of each side at which edges are measured, since small pictures have fewer of them."""


@dataclass(frozen=True)
class Measurement:
    """What is measured in the visible part of one picture."""

    hue: float
    """Degrees, 0-360: the strongest mode of the hues, weighted by chroma."""
    saturation: float
    """Mean chroma divided by mean brightness, 0-1: a dark pixel counts less than a bright one."""
    edges: float
    """Mean gradient of the HSV value (0-1) per visible pixel, at `EDGE_SIDE`."""

    @property
    def words(self) -> dict[Element, str]:
        """The word of each element; a gray picture has no color."""
        words = {
            Element.SATURATION: _nearest(SATURATIONS, self.saturation),
            Element.DETAIL: _nearest(
                {word: float(np.log(level)) for word, level in EDGES.items()},
                float(np.log(max(self.edges, 1e-6))),
            ),
        }
        if self.saturation >= GRAY:
            words[Element.COLOR] = min(HUES, key=lambda word: _degrees_apart(HUES[word], self.hue))
        return words


def measure(picture: Image.Image, part: VisiblePart) -> Measurement:
    """The measurement of an RGB picture, whose visible part is `part`."""
    visible = part.pixels[part.mask].astype(np.float32)  # (n, 3)
    brightness, darkest = extremes(visible)
    chroma = brightness - darkest
    return Measurement(
        hue=_strongest_hue(hues(visible), chroma),
        saturation=float(chroma.sum() / max(float(brightness.sum()), 1.0)),
        edges=_edge_density(picture, part),
    )


def extremes(pixels: Floats) -> tuple[Floats, Floats]:
    """The largest and the smallest channel of RGB pixels (n, 3); faster than along an axis of 3."""
    red, green, blue = pixels.T
    return np.maximum(np.maximum(red, green), blue), np.minimum(np.minimum(red, green), blue)


def hues(pixels: Floats) -> Floats:
    """The HSV hue in degrees of RGB pixels (n, 3); 0 for gray."""
    red, green, blue = pixels.T
    most, least = extremes(pixels)
    chroma = most - least
    divisor = np.maximum(chroma, 1e-6)
    sixths = np.where(
        most == red,
        ((green - blue) / divisor) % 6,
        np.where(most == green, (blue - red) / divisor + 2, (red - green) / divisor + 4),
    )
    return np.where(chroma > 0, 60 * sixths, 0).astype(np.float32)


def _strongest_hue(degrees: Floats, chroma: Floats) -> float:
    histogram = np.bincount(degrees.astype(int) % 360, weights=chroma, minlength=360)
    offsets = np.minimum(np.arange(360), 360 - np.arange(360))
    kernel = np.exp(-0.5 * (offsets / HUE_WIDTH) ** 2)
    # A circular convolution: the wheel has no ends.
    smooth = np.fft.irfft(np.fft.rfft(histogram) * np.fft.rfft(kernel), 360)
    return float(smooth.argmax()) + 0.5


def _edge_density(picture: Image.Image, part: VisiblePart) -> float:
    """The mean gradient where something is visible; the outline of a cut-out counts too."""
    square = (EDGE_SIDE, EDGE_SIDE)
    red, green, blue = picture.crop(part.box).convert("RGB").split()
    value = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    values = np.asarray(value.resize(square, Image.Resampling.BICUBIC), np.float32) / 255
    mask = Image.fromarray((255 * part.mask).astype(np.uint8))
    visible = np.asarray(mask.resize(square, Image.Resampling.BOX))[:-1, :-1] > 0
    down, across = np.diff(values, axis=0)[:, :-1], np.diff(values, axis=1)[:-1]
    return float(np.sqrt(down**2 + across**2)[visible].mean())


def _nearest(levels: Mapping[str, float], value: float) -> str:
    return min(levels, key=lambda word: abs(levels[word] - value))


def _degrees_apart(first: float, second: float) -> float:
    distance = abs(first - second) % 360
    return min(distance, 360 - distance)
