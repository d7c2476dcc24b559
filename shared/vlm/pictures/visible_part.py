"""Find the visible part of a picture: what is neither transparent nor a plain neutral background.

A cut-out has the same visible part whether its background is transparent, white or black.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from shared.domain.images.picture_alpha import ALPHA

Pixels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

SIDE: Final = 256
"""Longest side in pixels at which a picture is read; a smaller picture keeps its size."""
TOLERANCE: Final = 3
"""Largest distance of a channel, of 255, from the background's color."""
MIN_BORDER: Final = 0.5
"""Share of the border that must have one color, so that this color is a background."""
NEUTRAL: Final = 16
"""Largest chroma, of 255, of a background: a colored one is part of how the picture looks."""
OPAQUE: Final = 128
"""Alpha, of 255, from which a pixel is visible: shadows and soft outlines are not."""
MIN_VISIBLE: Final = 0.01
"""A picture of which less is visible is all of one color, and counts as visible as a whole."""


@dataclass(frozen=True)
class VisiblePart:
    """A picture at reading size, cropped to its visible part."""

    pixels: Pixels
    """(rows, columns, 3), RGB 0-255"""
    mask: Mask
    """(rows, columns), false in the background"""
    share: float
    """Share of the whole picture that is visible, 0-1."""
    box: tuple[int, int, int, int]
    """Left, top, right and bottom of the visible part in the picture's own pixels."""


def visible_part(picture: Image.Image) -> VisiblePart:
    """The visible part of an RGB picture of any size, with its alpha channel if it has one."""
    pixels = np.asarray(_at_reading_size(picture.convert("RGB")))
    mask = ~_background(pixels)
    alpha = picture.info.get(ALPHA)
    if isinstance(alpha, Image.Image) and alpha.size == picture.size:
        mask &= np.asarray(_at_reading_size(alpha)) >= OPAQUE
    if mask.mean() < MIN_VISIBLE:
        mask = np.ones_like(mask)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    across, down = picture.width / mask.shape[1], picture.height / mask.shape[0]
    return VisiblePart(
        pixels[box],
        mask[box],
        share=float(mask.mean()),
        box=(
            round(columns[0] * across),
            round(rows[0] * down),
            max(round((columns[-1] + 1) * across), round(columns[0] * across) + 1),
            max(round((rows[-1] + 1) * down), round(rows[0] * down) + 1),
        ),
    )


def _at_reading_size(picture: Image.Image) -> Image.Image:
    scale = SIDE / max(picture.size)
    if scale >= 1:
        return picture
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    return picture.resize(size, Image.Resampling.BOX)


def _background(pixels: Pixels) -> Mask:
    """Pixels of the border's most frequent color that touch it, if that is white, gray or black."""
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    colors, counts = np.unique(border, axis=0, return_counts=True)
    color = colors[counts.argmax()].astype(np.int16)
    if np.ptp(color) > NEUTRAL:
        return np.zeros(pixels.shape[:2], bool)
    near = np.abs(pixels.astype(np.int16) - color).max(axis=2) <= TOLERANCE
    sides = np.concatenate([near[0], near[-1], near[:, 0], near[:, -1]])
    if sides.mean() < MIN_BORDER:
        return np.zeros_like(near)
    # Imported here, because the import takes a second and drawings alone do not need it.
    from skimage.measure import label

    labels = label(near, connectivity=1)
    at_border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    touching = np.unique(at_border[at_border > 0])
    return np.asarray(np.isin(labels, touching))
