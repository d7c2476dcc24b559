"""Draw unfamiliar mediums: surfaces of 2 to 6 pixels, other than those of the simulator."""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from training.prefersim.drawing.canvas import Floats, X, Y, noise, uniform
from training.simulate.unfamiliar.values import MEDIUMS

Medium = Callable[[Floats, np.random.Generator], Floats]
"""Applies a surface to values 0-1: (n, SIDE, SIDE)."""


def crayon(value: Floats, rng: np.random.Generator) -> Floats:
    """Waxy streaks that leave white paper between them."""
    streaks = noise(rng, len(value), rows=42, columns=12) + 0.6 * rng.standard_normal(value.shape)
    return np.where(streaks > 0.55, 0.97, 0.12 + 0.76 * value).astype(np.float32)


def linen(value: Floats, rng: np.random.Generator) -> Floats:
    """A regular cloth of crossing threads, three pixels apart."""
    left, top = uniform(rng, 0, 3, count=len(value)), uniform(rng, 0, 3, count=len(value))
    threads = np.cos(2 * np.pi * (X + left) / 3) + np.cos(2 * np.pi * (Y + top) / 3)
    return np.asarray((0.15 + 0.75 * value) * (0.86 + 0.16 * threads), np.float32)


def fresco(value: Floats, rng: np.random.Generator) -> Floats:
    """Faded plaster with a net of thin dark cracks."""
    field = noise(rng, len(value), rows=9, columns=9)
    cracks = np.abs(field) < 0.07
    faded = 0.4 + 0.42 * value + 0.05 * noise(rng, len(value), rows=28, columns=28)
    return np.where(cracks, 0.16, faded).astype(np.float32)


def spray_paint(value: Floats, rng: np.random.Generator) -> Floats:
    """Dark overspray at the borders, and sparse drops."""
    fog = np.maximum(np.abs(X - 42), np.abs(Y - 42)) / 42
    drops = rng.random(value.shape) < 0.05 + 0.25 * np.maximum(fog - 0.55, 0)
    return np.where(drops, 0.02, value * (1.05 - 0.5 * fog**3)).astype(np.float32)


_SURFACES: Final[Mapping[str, Medium]] = {
    "crayon": crayon,
    "linen": linen,
    "fresco": fresco,
    "spray paint": spray_paint,
}
_BY_INDEX: Final = tuple(_SURFACES[name] for name in MEDIUMS)


def apply_mediums(value: Floats, medium: np.ndarray, rng: np.random.Generator) -> Floats:
    """Apply each drawing's medium (index into MEDIUMS)."""
    result = value.copy()
    for k, surface in enumerate(_BY_INDEX):
        chosen = np.flatnonzero(medium == k)
        if len(chosen):
            result[chosen] = surface(value[chosen], rng)
    return np.clip(result, 0, 1)
