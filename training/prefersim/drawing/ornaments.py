"""Detail: how many small ornaments are stamped over a drawing."""

from typing import Final

import numpy as np

from training.prefersim.drawing.canvas import SIDE, Floats
from training.prefersim.values.scales import toward_middle
from training.prefersim.values.vocabulary import ORNAMENT_DENSITY

STAMP: Final = 7
"""Side of an ornament in pixels; the canvas is a grid of 12 x 12 of them."""


def stamp_on(
    value: Floats, detail: np.ndarray, rng: np.random.Generator, *, strength: Floats
) -> Floats:
    """White motifs with a black rim, legible on any ground, as many as the detail asks for."""
    count, grid = len(value), SIDE // STAMP
    levels = np.array(tuple(ORNAMENT_DENSITY.values()))
    density = toward_middle(levels, detail, strength) * rng.uniform(0.85, 1.15, count)
    wanted = np.round(density * grid * grid).astype(int)
    rank = rng.random((count, grid * grid)).argsort(axis=1).argsort(axis=1)
    present = (rank < wanted[:, None]).reshape(count, grid, grid, 1, 1)
    motifs = _MOTIFS[rng.integers(len(_MOTIFS), size=(count, grid, grid))] * present
    layer = motifs.transpose(0, 1, 3, 2, 4).reshape(count, SIDE, SIDE)
    shifts = rng.integers(0, STAMP, (count, 2))
    layer = np.stack(
        [np.roll(one, tuple(by), (0, 1)) for one, by in zip(layer, shifts, strict=True)]
    )
    return np.where(layer > 0, 1, np.where(layer < 0, 0, value)).astype(np.float32)


def _motifs() -> Floats:
    """Plus, ring, cross and diamond: 1 the motif, -1 its rim, 0 the ground. (4, STAMP, STAMP)"""
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
