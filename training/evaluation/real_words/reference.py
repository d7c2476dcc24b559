"""Measure color, saturation and detail of a picture file, apart from the model's own code.

The definitions, for pixels that are neither transparent nor part of a background of one white, gray
or black that touches the border:

- *color*: the strongest mode of the HSV hues, weighted by chroma (`max - min` of the channels). Its
  name is the nearest of twelve. A picture with a saturation below .04 is gray and has no color.
- *saturation*: the sum of chroma divided by the sum of brightness (`max` of the channels), which is
  the HSV saturation of a picture of one saturation. The nearest of five levels.
- *detail*: the mean gradient of the HSV value per visible pixel, of the visible box scaled to
  84 x 84. The nearest of four levels on a logarithmic scale.

The names and levels are those with which the simulator draws.
"""

import io
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps
from skimage.color import rgb2hsv
from skimage.morphology import reconstruction

from shared.domain.taste import Element
from training.prefersim.drawing.canvas import SIDE
from training.prefersim.drawing.sharpness import EDGES
from training.prefersim.values.vocabulary import CHROMA, HUES

LARGEST: Final = 1024
"""Longest side in pixels at which a file is measured."""
OPAQUE: Final = 128
"""Alpha, of 255, from which a pixel is visible."""
TOLERANCE: Final = 3
BORDER: Final = 0.5
"""Share of the border that has the background's color."""
SMALLEST: Final = 0.01
"""Visible share below which a picture counts as visible as a whole."""
NEUTRAL: Final = 16
"""Largest chroma, of 255, of a background."""
GRAY: Final = 0.04
KERNEL: Final = 10.0
"""Standard deviation in degrees with which hues are smoothed."""


@dataclass(frozen=True)
class Reference:
    """The measured values of one picture."""

    hue: float
    saturation: float
    edges: float
    has_transparency: bool = False

    @property
    def words(self) -> dict[Element, str]:
        """The words of the measured values; a gray picture has no color."""
        colors = np.array(tuple(HUES.values()), float)
        levels = np.array(tuple(CHROMA.values()))
        edges = np.log(tuple(EDGES.values()))
        apart = np.abs((colors - self.hue + 180) % 360 - 180)
        words = {
            Element.SATURATION: tuple(CHROMA)[int(np.abs(levels - self.saturation).argmin())],
            Element.DETAIL: tuple(EDGES)[
                int(np.abs(edges - np.log(max(self.edges, 1e-9))).argmin())
            ],
        }
        if self.saturation >= GRAY:
            words[Element.COLOR] = tuple(HUES)[int(apart.argmin())]
        return words


def measure_file(data: bytes, *, largest: int = LARGEST) -> Reference:
    """Measure an encoded picture; transparency is read from the file.

    `largest` is the longest side in pixels at which it is measured.
    """
    with Image.open(io.BytesIO(data)) as opened:
        picture = ImageOps.exif_transpose(opened).convert("RGBA")
    picture.thumbnail((largest, largest), Image.Resampling.LANCZOS)
    white = Image.new("RGBA", picture.size, "white")
    white.alpha_composite(picture)
    pixels = np.asarray(white.convert("RGB"))
    opaque = np.asarray(picture.getchannel("A")) >= OPAQUE
    visible = opaque & ~_flat_background(pixels)
    if visible.mean() < SMALLEST:
        visible = np.ones_like(visible)
    return replace(measure_pixels(pixels, visible), has_transparency=not opaque.all())


def measure_pixels(pixels: npt.NDArray[np.uint8], visible: npt.NDArray[np.bool_]) -> Reference:
    """Measure RGB pixels (rows, columns, 3) where `visible`."""
    degrees = 360 * rgb2hsv(pixels)[visible][:, 0]
    channels = pixels[visible].astype(float)
    brightness, chroma = channels.max(1), np.ptp(channels, axis=1)
    angles = np.arange(0, 360, 0.5)
    # Weights by whole degrees: a kernel of ten degrees does not see finer differences.
    weights = np.bincount(np.round(degrees).astype(int) % 360, weights=chroma, minlength=360)
    apart = (angles[:, None] - np.arange(360) + 180) % 360 - 180
    density = np.exp(-0.5 * (apart / KERNEL) ** 2) @ weights
    return Reference(
        hue=float(angles[density.argmax()]),
        saturation=float(chroma.sum() / max(brightness.sum(), 1.0)),
        edges=_edges(pixels, visible),
    )


def _edges(pixels: npt.NDArray[np.uint8], visible: npt.NDArray[np.bool_]) -> float:
    box = Image.fromarray(visible).getbbox()
    square = (SIDE, SIDE)
    value = Image.fromarray(pixels.max(2)).crop(box).resize(square, Image.Resampling.BICUBIC)
    shown = Image.fromarray(visible).convert("L").crop(box).resize(square, Image.Resampling.BOX)
    values = np.asarray(value, float) / 255
    gradient = np.hypot(np.diff(values, axis=0)[:, :-1], np.diff(values, axis=1)[:-1])
    return float(gradient[np.asarray(shown)[:-1, :-1] > 0].mean())


def _flat_background(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    edge = np.zeros(pixels.shape[:2], bool)
    edge[[0, -1]] = edge[:, [0, -1]] = True
    colors, counts = np.unique(pixels[edge], axis=0, return_counts=True)
    color = colors[counts.argmax()].astype(int)
    if color.max() - color.min() > NEUTRAL:
        return np.zeros(pixels.shape[:2], bool)
    same = np.abs(pixels.astype(int) - color).max(2) <= TOLERANCE
    if same[edge].mean() < BORDER:
        return np.zeros_like(same)
    # Everything that a walk through pixels of this color reaches from the border.
    cross = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], bool)
    reached = reconstruction((edge & same).astype(np.uint8), same.astype(np.uint8), footprint=cross)
    return np.asarray(reached > 0)
