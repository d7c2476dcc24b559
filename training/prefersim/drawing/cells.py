"""Divide the canvas into irregular cells around random seeds (a Voronoi diagram)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.prefersim.drawing.canvas import SIDE, Floats, X, Y

SCATTER = 0.42
"""Largest distance of a seed from the middle of its grid square, in squares."""


@dataclass(frozen=True)
class Cells:
    """For every pixel: position and number of its seed, and the distance to the cell's border."""

    x: Floats
    y: Floats
    gap: Floats
    label: npt.NDArray[np.int16]


def scatter_cells(rng: np.random.Generator, count: int, *, grid: int) -> Cells:
    """Cells around `grid` x `grid` random seeds, for `count` images."""
    square = SIDE / grid
    columns, rows = np.meshgrid(np.arange(grid), np.arange(grid))

    def positions(middles: npt.NDArray[np.int64]) -> Floats:
        shift = rng.uniform(-SCATTER, SCATTER, (count, grid * grid))
        return ((middles.ravel() + 0.5 + shift) * square).astype(np.float32)

    seed_x, seed_y = positions(columns), positions(rows)
    nearest = np.full((count, SIDE, SIDE), 1e9, np.float32)
    second = nearest.copy()
    label = np.zeros((count, SIDE, SIDE), np.int16)
    for seed in range(grid * grid):
        squared = (X - seed_x[:, seed, None, None]) ** 2 + (Y - seed_y[:, seed, None, None]) ** 2
        nearer = squared < nearest
        second = np.where(nearer, nearest, np.minimum(second, squared))
        label[nearer] = seed
        nearest = np.minimum(nearest, squared)
    image = np.arange(count)[:, None, None]
    gap = np.sqrt(second) - np.sqrt(nearest)
    return Cells(seed_x[image, label], seed_y[image, label], gap, label)
