"""Draw unfamiliar art styles: structures of 4 to 14 pixels, other than those of the simulator."""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from training.prefersim.drawing.canvas import SIDE, Floats, X, Y, hashed, per_image, uniform
from training.prefersim.drawing.cells import scatter_cells
from training.simulate.unfamiliar.scenes import Light
from training.simulate.unfamiliar.values import STYLES

Style = Callable[[Light, np.random.Generator], Floats]
"""Draws scenes as values 0-1: (n, SIDE, SIDE)."""


def woodcut(light: Light, rng: np.random.Generator) -> Floats:
    """Black and white only: wavy cuts along one direction, wider where the scene is pale."""
    along, across = _turned(rng, len(light), low=0.1, high=0.9)
    value, _ = light.at(*_straight(len(light)))
    cuts = np.abs(((across + 1.6 * np.sin(along / 6)) / 6.5) % 1 - 0.5) * 2
    return np.where(cuts < value**1.3, 0.95, 0.04).astype(np.float32)


def contour_map(light: Light, rng: np.random.Generator) -> Floats:
    """Thin lines of equal brightness over flat steps."""
    value, distance = light.at(*_straight(len(light)))
    height = value * 7 + np.minimum(distance, 9) / 2.2 + uniform(rng, 0, 1, count=len(light))
    line = np.abs(height % 1 - 0.5) > 0.36
    return np.where(line, 0.25, 0.55 + 0.4 * (np.floor(height) % 3) / 3).astype(np.float32)


def low_poly(light: Light, rng: np.random.Generator) -> Floats:
    """Flat facets without edges, each with one value and a slight slope."""
    cells = scatter_cells(rng, len(light), grid=7)
    value, _ = light.at(cells.x, cells.y)
    slope = (X - cells.x) * 0.022 + (Y - cells.y) * 0.014
    return np.asarray(0.1 + 0.8 * value + slope, np.float32)


def spiral_engraving(light: Light, rng: np.random.Generator) -> Floats:
    """One dark spiral line, thicker where the scene is darker."""
    count = len(light)
    from_x, from_y = X - uniform(rng, 34, 50, count=count), Y - uniform(rng, 34, 50, count=count)
    turns = np.sqrt(from_x**2 + from_y**2) / 5.2 + np.arctan2(from_y, from_x) / (2 * np.pi)
    value, _ = light.at(*_straight(count))
    return np.where(np.abs(turns % 1 - 0.5) * 2 < 0.15 + 0.8 * value, 0.92, 0.08).astype(np.float32)


def basket_weave(light: Light, rng: np.random.Generator) -> Floats:
    """Bands over and under each other, shaded at their edges."""
    size, left, top = _grid(rng, len(light), low=9, high=11)
    column, row = np.floor((X + left) / size), np.floor((Y + top) / size)
    value, _ = light.at((column + 0.5) * size - left, (row + 0.5) * size - top)
    across, down = (X + left) / size - column, (Y + top) / size - row
    place = np.where((column + row) % 2, across, down)
    strands = 0.75 + 0.25 * np.cos(6 * np.pi * place)
    shade = np.sin(np.pi * np.where((column + row) % 2, down, across)) ** 0.5
    return np.asarray((0.15 + 0.85 * value) * strands * shade, np.float32)


def ripples(light: Light, rng: np.random.Generator) -> Floats:
    """The scene seen through waves, with bright crests."""
    count = len(light)
    along, across = _turned(rng, count, low=0.8, high=2.2)
    wave = np.sin(2 * np.pi * across / uniform(rng, 11, 14, count=count) + 0.8 * np.sin(along / 9))
    straight_x, straight_y = _straight(count)
    value, _ = light.at(straight_x + 7 * wave, straight_y + 4 * wave)
    return np.asarray(0.1 + 0.62 * value + 0.3 * np.maximum(wave, 0) ** 3, np.float32)


def hexagons(light: Light, rng: np.random.Generator) -> Floats:
    """Six-sided tiles with pale joints, each with its own value."""
    size, left, top = _grid(rng, len(light), low=9, high=11)
    x, y = X + left, (Y + top) / np.float32(0.866)
    row = np.round(y / size)
    column = np.round(x / size - 0.5 * (row % 2))
    middle_x, middle_y = (column + 0.5 * (row % 2)) * size, row * size
    off_x, off_y = np.abs(x - middle_x) / size, np.abs(y - middle_y) * np.float32(0.866) / size
    inner = np.maximum(off_x, 0.5 * off_x + 0.866 * off_y)
    value, _ = light.at(middle_x - left, middle_y * np.float32(0.866) - top)
    tile = 0.12 + 0.7 * value + 0.16 * (hashed(column, row, salt=left) - 0.5)
    return np.where(inner > 0.41, 0.97, tile).astype(np.float32)


def cross_hatching(light: Light, rng: np.random.Generator) -> Floats:
    """Thin pen strokes on white: more directions where the scene is darker."""
    value, _ = light.at(*_straight(len(light)))
    result = np.full_like(value, 0.96)
    for below, angle in ((0.85, 0.7), (0.6, -0.7), (0.38, 0.0)):
        turn = angle + uniform(rng, -0.08, 0.08, count=len(light))
        across = (-X * np.sin(turn) + Y * np.cos(turn)) / 4.0
        result = np.where((value < below) & (across % 1 < 0.34), 0.12, result)
    return result.astype(np.float32)


_DRAWN: Final[Mapping[str, Style]] = {
    "woodcut": woodcut,
    "contour map": contour_map,
    "low poly": low_poly,
    "spiral engraving": spiral_engraving,
    "basket weave": basket_weave,
    "ripples": ripples,
    "hexagons": hexagons,
    "cross-hatching": cross_hatching,
}
_BY_INDEX: Final = tuple(_DRAWN[name] for name in STYLES)


def draw_styles(light: Light, style: np.ndarray, rng: np.random.Generator) -> Floats:
    """Draw each scene in its style (index into STYLES): values 0-1, (n, SIDE, SIDE)."""
    value = np.empty((len(light), SIDE, SIDE), np.float32)
    for k, draw in enumerate(_BY_INDEX):
        chosen = np.flatnonzero(style == k)
        if len(chosen):
            value[chosen] = np.clip(draw(light.take(chosen), rng), 0, 1)
    return value


def _straight(count: int) -> tuple[Floats, Floats]:
    """The pixel coordinates, for `count` images."""
    return np.tile(X, (count, 1, 1)), np.tile(Y, (count, 1, 1))


def _turned(
    rng: np.random.Generator, count: int, *, low: float, high: float
) -> tuple[Floats, Floats]:
    """Coordinates along and across a random direction, for `count` images."""
    angle = per_image(rng.uniform(low, high, count) * rng.choice([-1, 1], count))
    cos, sin = np.cos(angle), np.sin(angle)
    return X * cos + Y * sin, -X * sin + Y * cos + uniform(rng, 0, 12, count=count)


def _grid(
    rng: np.random.Generator, count: int, *, low: float, high: float
) -> tuple[Floats, Floats, Floats]:
    """Cell size and offset of a grid, for each image."""
    size = uniform(rng, low, high, count=count)
    return size, uniform(rng, 0, 12, count=count), uniform(rng, 0, 12, count=count)
