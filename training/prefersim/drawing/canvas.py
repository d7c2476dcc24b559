"""The square that everything is drawn on, and the noises and grids that drawings share."""

from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

SIDE: Final = 84
"""Pixels: six patches of 14, which a Qwen2.5-VL merges to 3 x 3 image tokens."""

_rows, _columns = np.mgrid[:SIDE, :SIDE].astype(np.float32) + np.float32(0.5)
Y: Final[Floats] = _rows
X: Final[Floats] = _columns


def per_image(values: npt.ArrayLike) -> Floats:
    """One number an image, shaped to meet its pixels: (n,) -> (n, 1, 1)."""
    return np.asarray(values, np.float32)[:, None, None]


def uniform(rng: np.random.Generator, low: float, high: float, *, count: int) -> Floats:
    """One random number an image: (count, 1, 1)."""
    return per_image(rng.uniform(low, high, count))


def noise(rng: np.random.Generator, count: int, *, rows: int, columns: int) -> Floats:
    """Smooth noise: normal values on a coarse grid, raised to the canvas. (count, SIDE, SIDE)"""
    coarse = rng.standard_normal((count, rows, columns)).astype(np.float32)
    return np.asarray(_spread(rows) @ coarse @ _spread(columns).T, np.float32)


def hashed(rows: Floats, columns: Floats, *, salt: Floats) -> Floats:
    """A repeatable random number in 0-1 for every cell of a grid."""
    wave = np.sin(rows * 12.9898 + columns * 78.233 + salt) * 43758.5453
    return np.asarray(wave - np.floor(wave), np.float32)


def _spread(size: int) -> Floats:
    """The matrix that raises `size` values to SIDE by linear interpolation: (SIDE, size)."""
    place = np.linspace(0, size - 1, SIDE)
    low = np.minimum(place.astype(int), size - 2)
    matrix = np.zeros((SIDE, size), np.float32)
    matrix[np.arange(SIDE), low] = 1 - (place - low)
    matrix[np.arange(SIDE), low + 1] += (place - low).astype(np.float32)
    return matrix
