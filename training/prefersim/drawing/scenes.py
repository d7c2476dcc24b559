"""Draw scenes: subject, composition and light, without any value of a visual element."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from training.prefersim.drawing.canvas import SIDE, Floats, Mask, per_image
from training.prefersim.drawing.held_out_subjects import HELD_OUT_SUBJECTS
from training.prefersim.drawing.subjects import (
    BOX,
    DIAMOND,
    ELLIPSE,
    MOST_SHAPES,
    SUBJECTS,
    TRIANGLE,
    Shape,
)

OUTSIDE = 9.0
"""Position of unused shapes: far outside the canvas."""


@dataclass(frozen=True)
class Scenes:
    """A batch of scenes; each field has one entry per scene."""

    shapes: Floats  # (n, MOST_SHAPES, 5)
    light: Floats  # (n, MOST_SHAPES), the value of each shape
    ground: Floats  # (n, 2), values at both ends of the background gradient
    direction: Floats  # (n,), direction of the gradient in radians
    flipped: Mask  # (n,)

    def __len__(self) -> int:
        return len(self.shapes)

    def take(self, indices: npt.NDArray[np.int64]) -> "Scenes":
        """The scenes at these indices, in this order; an index may repeat."""
        return Scenes(*(getattr(self, field.name)[indices] for field in fields(self)))


def draw_scenes(
    rng: np.random.Generator, count: int, *, subjects: npt.NDArray[np.int64] | None = None
) -> Scenes:
    """Subjects with random shift, zoom, light and mirroring.

    They are drawn uniformly, or `subjects` names one of the held-out subjects for each scene. (n,)
    """
    if subjects is None:
        shapes = _TEMPLATES[rng.integers(len(_TEMPLATES), size=count)].copy()
    else:
        shapes = _HELD_OUT_TEMPLATES[subjects].copy()
    zoom = rng.uniform(0.8, 1.2, (count, 1, 1))
    moved = rng.uniform(-0.1, 0.1, (count, 1, 2)) + rng.uniform(
        -0.02, 0.02, (count, MOST_SHAPES, 2)
    )
    shapes[..., 1:3] = (shapes[..., 1:3] - 0.5) * zoom + 0.5 + moved
    shapes[..., 3:] *= zoom * rng.uniform(0.85, 1.15, (count, MOST_SHAPES, 2))
    dark_first = np.arange(MOST_SHAPES) % 2 == rng.integers(2, size=(count, 1))
    dark = rng.uniform(0.15, 0.42, (count, MOST_SHAPES))
    pale = rng.uniform(0.62, 0.95, (count, MOST_SHAPES))
    ground = np.stack([rng.uniform(0.3, 0.6, count), rng.uniform(0.6, 0.9, count)], axis=1)
    return Scenes(
        shapes=shapes.astype(np.float32),
        light=np.where(dark_first, dark, pale).astype(np.float32),
        ground=ground.astype(np.float32),
        direction=rng.uniform(0, 2 * np.pi, count).astype(np.float32),
        flipped=rng.random(count) < 0.5,
    )


def trace(scenes: Scenes, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Value 0-1 and distance in pixels to the nearest visible outline, of the scenes at (x, y)."""
    across = np.where(scenes.flipped[:, None, None], SIDE - x, x) / SIDE
    down = y / SIDE
    slope_x, slope_y = per_image(np.cos(scenes.direction)), per_image(np.sin(scenes.direction))
    fade = 0.5 + 0.7 * ((across - 0.5) * slope_x + (down - 0.5) * slope_y)
    value = per_image(scenes.ground[:, 0]) * (1 - fade) + per_image(scenes.ground[:, 1]) * fade
    distance = np.full_like(value, 9)
    for k in range(MOST_SHAPES):
        kind, center_x, center_y, half_width, half_height = scenes.shapes[:, k].T
        if (center_x > OUTSIDE / 2).all():
            continue
        right = (across - per_image(center_x)) / per_image(half_width)
        below = (down - per_image(center_y)) / per_image(half_height)
        depth = _signed_distance(kind, right, below)
        pixels = np.abs(depth * per_image(np.minimum(half_width, half_height)) * SIDE)
        inside = depth < 0
        distance = np.where(inside, pixels, np.minimum(distance, pixels))
        value = np.where(inside, per_image(scenes.light[:, k]), value)
    return value.astype(np.float32), distance.astype(np.float32)


def _signed_distance(kind: Floats, right: Floats, below: Floats) -> Floats:
    """Signed distance to shapes of half-size 1, negative inside: (n, SIDE, SIDE)."""
    depth = np.empty_like(right)
    for shape, formula in _FORMULAS.items():
        chosen = kind == shape
        if chosen.any():
            depth[chosen] = formula(right[chosen], below[chosen])
    return depth


_FORMULAS = {
    ELLIPSE: lambda p, q: np.sqrt(p**2 + q**2) - 1,
    BOX: lambda p, q: np.maximum(np.abs(p), np.abs(q)) - 1,
    DIAMOND: lambda p, q: (np.abs(p) + np.abs(q) - 1) * 0.75,
    TRIANGLE: lambda p, q: np.maximum(q - 1, (2 * np.abs(p) - q - 1) * 0.5),
}


def _templates(subjects: Mapping[str, tuple[Shape, ...]]) -> Floats:
    templates = np.zeros((len(subjects), MOST_SHAPES, 5), np.float32)
    templates[..., 1:3] = OUTSIDE
    templates[..., 3:] = 0.01
    for template, shapes in zip(templates, subjects.values(), strict=True):
        template[: len(shapes)] = shapes
    return templates


_TEMPLATES = _templates(SUBJECTS)
_HELD_OUT_TEMPLATES = _templates(HELD_OUT_SUBJECTS)
