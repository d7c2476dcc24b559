"""Draw the art style: warp the scene, and add structures of 5 to 14 pixels."""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from training.prefersim.drawing.canvas import Floats, X, Y, hashed, per_image, uniform
from training.prefersim.drawing.cells import scatter_cells
from training.prefersim.drawing.scenes import Scenes, trace
from training.prefersim.values.vocabulary import ART_STYLES

Style = Callable[[Scenes, np.random.Generator], Floats]
"""Draws scenes as values 0-1: (n, SIDE, SIDE)."""


def pixel_art(scenes: Scenes, rng: np.random.Generator) -> Floats:
    """Dithered blocks with five values."""
    size, left, top = _grid(rng, len(scenes), low=6, high=8)
    column, row = np.floor((X + left) / size), np.floor((Y + top) / size)
    value, _ = trace(scenes, (column + 0.5) * size - left, (row + 0.5) * size - top)
    dither = np.where((column + row) % 2, 0.1, -0.1)
    return np.asarray(0.15 + 0.7 * np.round(value * 4) / 4 + dither)


def pop_art(scenes: Scenes, rng: np.random.Generator) -> Floats:
    """Two flat values and thick black outlines."""
    value, distance = trace(scenes, *_unwarped(len(scenes)))
    return np.where(distance < 2.3, 0.03, np.where(value > 0.5, 0.95, 0.5)).astype(np.float32)


def cubism(scenes: Scenes, rng: np.random.Generator) -> Floats:
    """Facets with pale edges; each facet shifts and shades the scene."""
    count = len(scenes)
    cells = scatter_cells(rng, count, grid=3)
    image = np.arange(count)[:, None, None]
    shift_x, shift_y, shade, angle = (
        rng.uniform(-1, 1, (count, 9)).astype(np.float32)[image, cells.label] for _ in range(4)
    )
    value, _ = trace(scenes, X + 12 * shift_x, Y + 12 * shift_y)
    along = ((X - 42) * np.cos(np.pi * angle) + (Y - 42) * np.sin(np.pi * angle)) / 42
    shaded = value * 0.65 + 0.12 + 0.2 * shade + 0.25 * np.sin(2.2 * along + 6 * shift_x)
    return np.where(cells.gap < 1.3, 0.9, shaded).astype(np.float32)


def impressionism(scenes: Scenes, rng: np.random.Generator) -> Floats:
    """Short slanted brush strokes."""
    count = len(scenes)
    tilt = per_image(rng.uniform(0.3, 1.2, count) * rng.choice([-1, 1], count))
    cos, sin = np.cos(tilt), np.sin(tilt)
    start, top = uniform(rng, 0, 12, count=count), uniform(rng, 0, 12, count=count)
    along, across = X * cos + Y * sin + start, -X * sin + Y * cos + top
    row = np.floor(across / 3.2)
    stagger = 4.3 * (row % 3)
    column = np.floor((along + stagger) / 10)
    dab_along, dab_across = (column + 0.5) * 10 - stagger - start, (row + 0.5) * 3.2 - top
    x, y = dab_along * cos - dab_across * sin, dab_along * sin + dab_across * cos
    value, _ = trace(scenes, x, y)
    return value * 0.8 + 0.1 + 0.5 * (hashed(row, column, salt=start) - 0.5)


def line_art(scenes: Scenes, rng: np.random.Generator) -> Floats:
    """Thin outlines on a pale background."""
    _, distance = trace(scenes, *_unwarped(len(scenes)))
    return np.where(distance < 1, 0.1, 0.93).astype(np.float32)


def mosaic(scenes: Scenes, rng: np.random.Generator) -> Floats:
    """Square tiles with dark grout."""
    size, left, top = _grid(rng, len(scenes), low=8.5, high=10.5)
    across, down = (X + left) / size, (Y + top) / size
    column, row = np.floor(across), np.floor(down)
    value, _ = trace(scenes, (column + 0.5) * size - left, (row + 0.5) * size - top)
    to_side = np.minimum(across - column, 1 + column - across)
    to_edge = np.minimum(down - row, 1 + row - down)
    tile = value + 0.14 * (hashed(column, row, salt=left) - 0.5)
    return np.where(np.minimum(to_side, to_edge) * size < 1.1, 0.06, tile).astype(np.float32)


def pointillism(scenes: Scenes, rng: np.random.Generator) -> Floats:
    """Round dots on a pale background, larger where the scene is darker."""
    size, left, top = _grid(rng, len(scenes), low=5.5, high=6.5)
    row = np.floor((Y + top) / size)
    stagger = 0.5 * (row % 2)
    column = np.floor((X + left) / size + stagger)
    x, y = (column + 0.5 - stagger) * size - left, (row + 0.5) * size - top
    value, _ = trace(scenes, x, y)
    off_center = np.sqrt((X - x) ** 2 + (Y - y) ** 2)
    return np.where(off_center < 1.6 + 1.5 * (1 - value), value * 0.75, 0.97).astype(np.float32)


def stained_glass(scenes: Scenes, rng: np.random.Generator) -> Floats:
    """Irregular panes with thick black leading."""
    panes = scatter_cells(rng, len(scenes), grid=4)
    value, _ = trace(scenes, panes.x, panes.y)
    return np.where(panes.gap < 3.2, 0.03, 0.35 + 0.65 * value).astype(np.float32)


def op_art(scenes: Scenes, rng: np.random.Generator) -> Floats:
    """Rings of two values around one point, inverted where the scene is dark."""
    count = len(scenes)
    center_x, center_y = uniform(rng, 10, 74, count=count), uniform(rng, 10, 74, count=count)
    radius = np.sqrt((X - center_x) ** 2 + (Y - center_y) ** 2)
    value, _ = trace(scenes, *_unwarped(count))
    wave = np.sin(2 * np.pi * radius / uniform(rng, 8, 10, count=count))
    rings = np.where(value > 0.5, 1, -1) * np.clip(2.5 * wave, -1, 1)
    return np.asarray(0.5 + 0.44 * rings, np.float32)


def neon_art(scenes: Scenes, rng: np.random.Generator) -> Floats:
    """Glowing outlines on a dark background."""
    value, distance = trace(scenes, *_unwarped(len(scenes)))
    glow = 0.85 * np.exp(-((np.maximum(distance - 0.8, 0) / 2.6) ** 1.2))
    return np.asarray(0.1 + 0.1 * value + glow, np.float32)


def art_deco(scenes: Scenes, rng: np.random.Generator) -> Floats:
    """Rows of overlapping fans of concentric arcs."""
    count = len(scenes)
    radius, left, top = _grid(rng, count, low=12, high=15)
    value, drawn = np.zeros((2, count, *X.shape), np.float32)
    last = np.floor((Y + top + radius) / radius * 2)
    for back in range(4):  # the lowest row covers the rows above it
        row = last - back
        stagger = 0.5 * (row % 2)
        column = np.floor((X + left) / (2 * radius) + stagger)
        middle = (column + 0.5 - stagger) * 2 * radius - left
        from_middle = np.sqrt((X - middle) ** 2 + (Y + top - row * radius / 2) ** 2) / radius
        arcs = np.where((from_middle * 2.2) % 1 < 0.42, -0.34, 0.26)
        new = (from_middle < 1) & (drawn == 0)
        value, drawn = np.where(new, arcs, value), np.where(new, 1, drawn)
    scene, _ = trace(scenes, *_unwarped(count))
    return np.asarray(0.26 + 0.45 * scene + value, np.float32)


def glitch_art(scenes: Scenes, rng: np.random.Generator) -> Floats:
    """Horizontally shifted bands; noise blocks replace some of them."""
    count = len(scenes)
    height, left, top = _grid(rng, count, low=5, high=7)
    band = np.floor((Y + top) / height)
    shift = 2 * hashed(band, band * 0, salt=left) - 1
    value, _ = trace(scenes, X + 30 * shift * np.abs(shift), np.tile(Y, (count, 1, 1)))
    lost = hashed(band, band * 0 + 7, salt=top) < 0.22
    blocks = hashed(np.floor((X + left) / 4), band, salt=top)
    uneven = value * 0.8 + 0.1 + 0.3 * (hashed(band, band * 0 + 3, salt=left) - 0.5)
    return np.where(lost, 0.05 + 0.9 * blocks, uneven).astype(np.float32)


STYLES: Final[Mapping[str, Style]] = {
    "pixel art": pixel_art,
    "pop art": pop_art,
    "cubism": cubism,
    "impressionism": impressionism,
    "line art": line_art,
    "mosaic": mosaic,
    "pointillism": pointillism,
    "stained glass": stained_glass,
    "op art": op_art,
    "neon art": neon_art,
    "art deco": art_deco,
    "glitch art": glitch_art,
}
_BY_INDEX: Final = tuple(STYLES[name] for name in ART_STYLES)


def draw_styles(
    scenes: Scenes, style: np.ndarray, rng: np.random.Generator, *, strength: Floats
) -> Floats:
    """Draw each scene in its style (index into ART_STYLES): values 0-1, (n, SIDE, SIDE).

    A strength (n,) below 1 blends in the plain scene.
    """
    value = np.empty((len(scenes), *X.shape), np.float32)
    for k, draw_style in enumerate(_BY_INDEX):
        chosen = np.flatnonzero(style == k)
        if len(chosen):
            value[chosen] = np.clip(draw_style(scenes.take(chosen), rng), 0, 1)
    weak = np.flatnonzero(strength < 1)
    if len(weak):
        plain, _ = trace(scenes.take(weak), *_unwarped(len(weak)))
        value[weak] = plain + per_image(strength[weak]) * (value[weak] - plain)
    return value


def _unwarped(count: int) -> tuple[Floats, Floats]:
    """The pixel coordinates, for `count` images."""
    return np.tile(X, (count, 1, 1)), np.tile(Y, (count, 1, 1))


def _grid(
    rng: np.random.Generator, count: int, *, low: float, high: float
) -> tuple[Floats, Floats, Floats]:
    """Cell size and offset of a grid, for each image."""
    size = uniform(rng, low, high, count=count)
    return size, uniform(rng, 0, 12, count=count), uniform(rng, 0, 12, count=count)
