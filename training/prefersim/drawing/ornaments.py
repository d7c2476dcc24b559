"""Draw the detail: stamp small ornaments on a drawing, more of them for more detail."""

from typing import Final

import numpy as np

from training.prefersim.drawing.canvas import SIDE, Floats
from training.prefersim.values.scales import toward_middle
from training.prefersim.values.vocabulary import ORNAMENT_DENSITY

STAMP: Final = 7
"""Side of an ornament in pixels; the canvas is a grid of 12 x 12 of them."""


def stamp_ornaments(
    value: Floats, detail: np.ndarray, rng: np.random.Generator, *, strength: Floats
) -> Floats:
    """Stamp white motifs with a black rim on each drawing; `detail` (n,) gives their density."""
    count, grid = len(value), SIDE // STAMP
    levels = np.array(tuple(ORNAMENT_DENSITY.values()))
    density = toward_middle(levels, detail, strength) * rng.uniform(0.85, 1.15, count)
    stamps = np.round(density * grid * grid).astype(int)
    rank = rng.random((count, grid * grid)).argsort(axis=1).argsort(axis=1)
    present = (rank < stamps[:, None]).reshape(count, grid, grid, 1, 1)
    motifs = _MOTIFS[rng.integers(len(_MOTIFS), size=(count, grid, grid))] * present
    layer = motifs.transpose(0, 1, 3, 2, 4).reshape(count, SIDE, SIDE)
    shifts = rng.integers(0, STAMP, (count, 2))
    layer = np.stack(
        [np.roll(image, tuple(shift), (0, 1)) for image, shift in zip(layer, shifts, strict=True)]
    )
    return np.where(layer > 0, 1, np.where(layer < 0, 0, value)).astype(np.float32)


def _motifs() -> Floats:
    """Plus, ring, cross, diamond: 1 in the motif, -1 on its rim, else 0. (4, STAMP, STAMP)"""
    motifs = np.zeros((4, STAMP, STAMP), np.float32)
    plus, ring, cross, diamond = motifs
    plus[3, 1:6] = plus[1:6, 3] = 1
    ring[1:6, 1:6] = 1
    ring[2:5, 2:5] = 0
    ring[[1, 1, 5, 5], [1, 5, 1, 5]] = 0
    for k in range(1, 6):
        cross[k, k] = cross[k, 6 - k] = 1
    diamond[2:5, 2:5] = 1
    diamond[3, [1, 5]] = diamond[[1, 5], 3] = 1
    padded = np.pad(motifs, ((0, 0), (1, 1), (1, 1)))
    shifted = [padded[:, y : y + STAMP, x : x + STAMP] for y in range(3) for x in range(3)]
    return motifs - (np.max(shifted, axis=0) > motifs)


_MOTIFS: Final = _motifs()
