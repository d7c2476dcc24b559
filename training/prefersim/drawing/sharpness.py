"""Change the sharpness of photographs until their edges reach a target."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from training.prefersim.drawing.canvas import SIDE, Floats, per_image

EDGES: Final[Mapping[str, float]] = {
    "plain": 0.018,
    "moderate": 0.04,
    "rich": 0.082,
    "intricate": 0.16,
}
"""Mean gradient of the value (0-1) per pixel; unchanged photographs have .02 to .16."""
BLUR: Final = 3.5
"""Standard deviation in pixels of the Gaussian that separates coarse from fine structure."""
MOST_GAIN: Final = 24.0
"""Largest factor of the fine structure; a crop without fine structure stays below its target."""
HALVINGS: Final = 9
"""Steps of the binary search for the factor."""


def edges_of(value: Floats) -> Floats:
    """The mean gradient of the value per pixel: (n,)."""
    down, across = np.diff(value, axis=1)[:, :, :-1], np.diff(value, axis=2)[:, :-1]
    return np.asarray(np.sqrt(down**2 + across**2).mean((1, 2)), np.float32)


def with_edges(value: Floats, target: Floats) -> Floats:
    """Scale the fine structure of images (n, SIDE, SIDE) to the target edges (n,)."""
    coarse = _SMOOTH @ value @ _SMOOTH.T
    fine = value - coarse
    low, high = np.zeros(len(value), np.float32), np.full(len(value), MOST_GAIN, np.float32)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        enough = edges_of(_mixed(coarse, fine, middle)) > target
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return _mixed(coarse, fine, (low + high) / 2)


def _mixed(coarse: Floats, fine: Floats, gain: Floats) -> Floats:
    return np.asarray(np.clip(coarse + per_image(gain) * fine, 0.08, 0.98), np.float32)


def _smoothing() -> Floats:
    """The matrix of a Gaussian blur along one axis: (SIDE, SIDE)."""
    position = np.arange(SIDE)
    weight = np.exp(-0.5 * ((position[:, None] - position) / BLUR) ** 2)
    return np.asarray(weight / weight.sum(1, keepdims=True), np.float32)


_SMOOTH: Final = _smoothing()
