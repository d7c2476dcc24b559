"""Raise or lower how much there is to see in photographs, to a measured amount of edges."""

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
"""Mean change of the value (0-1) from pixel to pixel; photographs as they are lie at .02 to .16."""
BLUR: Final = 3.5
"""Deviation in pixels of what separates the large from the fine."""
MOST_GAIN: Final = 24.0
"""How far the fine part may be raised; a crop with nothing fine in it stays below its level."""
HALVINGS: Final = 9


def edges_of(value: Floats) -> Floats:
    """The mean change of the value from pixel to pixel: (n,)."""
    down, across = np.diff(value, axis=1)[:, :, :-1], np.diff(value, axis=2)[:, :-1]
    return np.asarray(np.sqrt(down**2 + across**2).mean((1, 2)), np.float32)


def with_edges(value: Floats, wanted: Floats) -> Floats:
    """Each image (n, SIDE, SIDE) with its fine part raised or lowered to the edges wanted (n,)."""
    large = _SMOOTH @ value @ _SMOOTH.T
    fine = value - large
    low, high = np.zeros(len(value), np.float32), np.full(len(value), MOST_GAIN, np.float32)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        enough = edges_of(_mixed(large, fine, middle)) > wanted
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return _mixed(large, fine, (low + high) / 2)


def _mixed(large: Floats, fine: Floats, gain: Floats) -> Floats:
    return np.asarray(np.clip(large + per_image(gain) * fine, 0.08, 0.98), np.float32)


def _smoothing() -> Floats:
    """The matrix that blurs along one axis: (SIDE, SIDE)."""
    place = np.arange(SIDE)
    weight = np.exp(-0.5 * ((place[:, None] - place) / BLUR) ** 2)
    return np.asarray(weight / weight.sum(1, keepdims=True), np.float32)


_SMOOTH: Final = _smoothing()
