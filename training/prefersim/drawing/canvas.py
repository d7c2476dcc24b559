"""Define the square canvas of all drawings, and the noise and grids that drawings share."""

from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

SIDE: Final = 84
"""Pixels: six patches of 14, which Qwen2.5-VL merges into 3 x 3 image tokens."""

_rows, _columns = np.mgrid[:SIDE, :SIDE].astype(np.float32) + np.float32(0.5)
Y: Final[Floats] = _rows
X: Final[Floats] = _columns


def per_image(values: npt.ArrayLike) -> Floats:
    """Reshape one number per image to broadcast over its pixels: (n,) -> (n, 1, 1)."""
    return np.asarray(values, np.float32)[:, None, None]


def uniform(rng: np.random.Generator, low: float, high: float, *, count: int) -> Floats:
    """One uniform random number per image: (count, 1, 1)."""
    return per_image(rng.uniform(low, high, count))


def noise(rng: np.random.Generator, count: int, *, rows: int, columns: int) -> Floats:
    """Smooth noise: normal values on a coarse grid, interpolated to (count, SIDE, SIDE)."""
    coarse = rng.standard_normal((count, rows, columns)).astype(np.float32)
    return np.asarray(_interpolation(rows) @ coarse @ _interpolation(columns).T, np.float32)


def hashed(rows: Floats, columns: Floats, *, salt: Floats) -> Floats:
    """A repeatable pseudo-random number 0-1 for every cell of a grid."""
    wave = np.sin(rows * 12.9898 + columns * 78.233 + salt) * 43758.5453
    return np.asarray(wave - np.floor(wave), np.float32)


def _interpolation(size: int) -> Floats:
    """The matrix that interpolates `size` values linearly to SIDE values: (SIDE, size)."""
    position = np.linspace(0, size - 1, SIDE)
    low = np.minimum(position.astype(int), size - 2)
    matrix = np.zeros((SIDE, size), np.float32)
    matrix[np.arange(SIDE), low] = 1 - (position - low)
    matrix[np.arange(SIDE), low + 1] += (position - low).astype(np.float32)
    return matrix
