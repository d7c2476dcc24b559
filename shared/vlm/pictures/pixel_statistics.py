"""Describe how the pixels of a picture were made: flat areas, noise, palette, edges.

Cameras and scanners leave noise in every pixel. Vector art and screenshots have areas of exactly
one color, and pixel art has few colors and hard edges.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from shared.vlm.pictures.measured_words import extremes, hues
from shared.vlm.pictures.visible_part import Mask, Pixels, VisiblePart

Floats = npt.NDArray[np.float32]

CROP: Final = 256
"""Largest side in pixels of the part, at the picture's own resolution, that is described."""
MIN_PIXELS: Final = 64
LUMA: Final = np.array([0.299, 0.587, 0.114], np.float32)
STRONG_EDGE: Final = 24.0
"""Difference of two neighbors, of 255, that is visible as an edge."""
LONGER_SIDE, RATIO = -5, -1
"""Places of the logarithms of the longer side and of width / height."""
BLOCKS: Final = (2, 3, 4, 8)
"""Sides of the blocks in enlarged pixel art and in JPEG files."""


def pixel_statistics(picture: Image.Image, part: VisiblePart) -> Floats:
    """The statistics of an RGB picture, whose visible part is `part`: (46,)."""
    pixels, mask = _at_own_resolution(picture, part)
    keys = pixels.astype(np.int32) @ np.array([1 << 16, 1 << 8, 1], np.int32)
    across, down = mask[:, 1:] & mask[:, :-1], mask[1:] & mask[:-1]
    gray = pixels.astype(np.float32) @ LUMA
    steps_across = np.abs(np.diff(gray, axis=1))[across]
    steps_down = np.abs(np.diff(gray, axis=0))[down]
    height, width = picture.height, picture.width
    values = [
        *_palette(keys, mask, across, down),
        *_edges(steps_across, steps_down),
        *_roughness(gray, mask),
        *_colors(pixels[mask].astype(np.float32)),
        *(_steps_on_grid(keys, side) for side in BLOCKS),
        np.log(max(height, width)),
        np.log(max(pixels.shape[:2])),
        part.share,
        float(part.share < 1),
        np.log(width / height),
    ]
    return np.asarray(values, np.float32)


def shorter_sides(statistics: Floats) -> Floats:
    """Pixels of the shorter side of each picture, from its statistics (n, 46)."""
    longer, ratio = np.exp(statistics[:, LONGER_SIDE]), np.abs(statistics[:, RATIO])
    return np.asarray(longer * np.exp(-ratio), np.float32)


def _at_own_resolution(picture: Image.Image, part: VisiblePart) -> tuple[Pixels, Mask]:
    """The middle of the visible part, and which of its pixels are visible."""
    left, top, right, bottom = part.box
    left, top = max(left, (left + right - CROP) // 2), max(top, (top + bottom - CROP) // 2)
    right, bottom = min(right, left + CROP), min(bottom, top + CROP)
    pixels = np.asarray(picture.crop((left, top, right, bottom)).convert("RGB"))
    rows, columns = part.mask.shape
    at_rows = _positions(top, bottom, start=part.box[1], end=part.box[3], count=rows)
    at_columns = _positions(left, right, start=part.box[0], end=part.box[2], count=columns)
    mask = part.mask[at_rows][:, at_columns]
    if mask.sum() < MIN_PIXELS:
        mask = np.ones_like(mask)
    return pixels, mask


def _positions(first: int, last: int, *, start: int, end: int, count: int) -> npt.NDArray[np.int64]:
    """Which of `count` equal parts of `start` to `end` contains each of `first` to `last`."""
    offsets = np.arange(first, last) - start
    return np.asarray(np.minimum(offsets * count // (end - start), count - 1), np.int64)


def _palette(keys: npt.NDArray[np.int32], mask: Mask, across: Mask, down: Mask) -> list[float]:
    """Shares of equal neighbors, the number of colors, and shares of the most frequent ones."""
    counts = np.sort(np.unique(keys[mask], return_counts=True)[1])[::-1]
    shares = counts / counts.sum()
    return [
        _mean((keys[:, 1:] == keys[:, :-1])[across]),
        _mean((keys[1:] == keys[:-1])[down]),
        np.log(len(counts)) / np.log(max(int(mask.sum()), 2)),
        np.log(len(counts)),
        *(float(shares[:number].sum()) for number in (1, 4, 16, 64, 256)),
    ]


def _edges(across: Floats, down: Floats) -> list[float]:
    """Quantiles of the differences of neighbors, and whether edges are upright."""
    steps = np.concatenate([across, down]) if len(across) + len(down) else np.zeros(1, np.float32)
    return [
        *np.log1p(np.percentile(steps, (25, 50, 75, 90, 97))),
        _mean(steps > STRONG_EDGE),
        _mean(steps < 1),
        _mean(steps < 3),
        _mean(across) / (_mean(across) + _mean(down) + 1e-3),
    ]


def _roughness(gray: Floats, mask: Mask) -> list[float]:
    """Quantiles of the Laplacian: noise is in its small values, outlines are in its large ones."""
    if min(gray.shape) < 3:
        return [0.0] * 6
    middle = gray[1:-1, 1:-1]
    sides = gray[:-2, 1:-1] + gray[2:, 1:-1] + gray[1:-1, :-2] + gray[1:-1, 2:]
    inside = mask[1:-1, 1:-1] & mask[:-2, 1:-1] & mask[2:, 1:-1] & mask[1:-1, :-2] & mask[1:-1, 2:]
    laplacian = np.abs(4 * middle - sides)
    chosen = laplacian[inside] if inside.any() else laplacian.ravel()
    return [
        *np.log1p(np.percentile(chosen, (10, 25, 50, 75, 90))),
        float(np.log1p(chosen.mean())),
    ]


def _colors(visible: Floats) -> list[float]:
    """Saturation, brightness and the spread of hues of the visible pixels (n, 3)."""
    brightness, darkest = extremes(visible)
    chroma = brightness - darkest
    saturation = chroma / np.maximum(brightness, 1)
    by_hue = np.bincount((hues(visible) // 30).astype(int) % 12, weights=chroma, minlength=12)
    shares = np.sort(by_hue / max(float(by_hue.sum()), 1.0))[::-1]
    return [
        float(saturation.mean()),
        float(saturation.std()),
        *np.percentile(saturation, (10, 50, 90)),
        float(brightness.mean()) / 255,
        float(brightness.std()) / 255,
        *(np.percentile(brightness, (5, 50, 95)) / 255),
        shares[0],
        shares[:2].sum(),
        float((shares > 0.03).mean()),
    ]


def _steps_on_grid(keys: npt.NDArray[np.int32], side: int) -> float:
    """The largest share of color changes that lie on one grid of blocks of this side."""
    changes = (keys[:, 1:] != keys[:, :-1]).sum(axis=0)
    total = max(int(changes.sum()), 1)
    return max(float(changes[offset::side].sum()) / total for offset in range(side))


def _mean(values: npt.NDArray[np.generic]) -> float:
    return float(values.mean()) if values.size else 0.0
