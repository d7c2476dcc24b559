"""Draw the medium: a texture of 2 to 5 pixels, or a wash over the whole drawing."""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from training.prefersim.drawing.canvas import SIDE, Floats, X, Y, noise, per_image, uniform
from training.prefersim.values.vocabulary import MEDIUMS

Medium = Callable[[Floats, np.random.Generator], Floats]
"""Applies a surface to values 0-1: (n, SIDE, SIDE)."""


def oil_painting(value: Floats, rng: np.random.Generator) -> Floats:
    """Glossy bristle ridges along one direction."""
    ridges = noise(rng, len(value), rows=40, columns=9)
    upright = rng.random(len(value)) < 0.5
    ridges[upright] = ridges[upright].transpose(0, 2, 1)
    neighbors = np.where(per_image(upright), np.roll(ridges, 1, 2), np.roll(ridges, 1, 1))
    return value * 0.74 + 0.13 + 0.25 * (ridges - neighbors)


def watercolor(value: Floats, rng: np.random.Generator) -> Floats:
    """A pale blotchy wash with a ragged white margin."""
    count = len(value)
    wash = 0.36 + 0.56 * value + 0.08 * noise(rng, count, rows=9, columns=9)
    edge = np.minimum(np.minimum(X, SIDE - X), np.minimum(Y, SIDE - Y))
    ragged = 6 + 2.5 * noise(rng, count, rows=16, columns=16)
    return np.where(edge < ragged, 1, wash).astype(np.float32)


def charcoal(value: Floats, rng: np.random.Generator) -> Floats:
    """Dark, with heavy grain."""
    grain = np.where(rng.random(value.shape) < 0.5, 0.45, 1.05)
    return np.asarray((0.08 + 0.72 * value) * grain, np.float32)


def silkscreen(value: Floats, rng: np.random.Generator) -> Floats:
    """Halftone dots at 45 degrees, 4.4 pixels apart."""
    count = len(value)
    wave = 2 * np.pi / 4.4 / np.sqrt(2)
    rising = np.sin(wave * (X + Y) + uniform(rng, 0, 2 * np.pi, count=count))
    falling = np.sin(wave * (X - Y) + uniform(rng, 0, 2 * np.pi, count=count))
    screen = (rising + falling) / 4 + 0.5
    return 0.5 * value + 0.5 * (value > screen)


def digital(value: Floats, rng: np.random.Generator) -> Floats:
    """No surface."""
    return value


def embroidery(value: Floats, rng: np.random.Generator) -> Floats:
    """Slanted threads in chevron rows."""
    count = len(value)
    across = (X + uniform(rng, 0, 12, count=count)) % 12
    chevron = np.where(across < 6, across, 12 - across)
    thread = (Y + uniform(rng, 0, 12, count=count) + chevron) % 4
    return np.asarray((0.12 + 0.88 * value) * np.where(thread < 1.4, 0.4, 1.08), np.float32)


SURFACES: Final[Mapping[str, Medium]] = {
    "oil painting": oil_painting,
    "watercolor": watercolor,
    "charcoal": charcoal,
    "silkscreen": silkscreen,
    "digital": digital,
    "embroidery": embroidery,
}
_BY_INDEX: Final = tuple(SURFACES[name] for name in MEDIUMS)


def apply_mediums(
    value: Floats, medium: np.ndarray, rng: np.random.Generator, *, strength: Floats
) -> Floats:
    """Apply each drawing's medium (index into MEDIUMS); a strength (n,) below 1 weakens it."""
    result = value.copy()
    for k, surface in enumerate(_BY_INDEX):
        chosen = np.flatnonzero(medium == k)
        if len(chosen):
            result[chosen] = surface(value[chosen], rng)
    result = np.clip(result, 0, 1)
    return np.asarray(value + per_image(strength) * (result - value), np.float32)
