"""A linear probe: which value of an element is drawn, from simple statistics of an image's light.

The statistics are how much of the light lies above some levels and how strongly small patches of
other drawings are met on average; on these only a linear map is fitted. It knows nothing of how
the drawings are made.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from training.prefersim.drawing.colors import Pixels
from training.prefersim.values.vocabulary import SIZES, Attributes

PATCHES = 64
"""Filters of each size."""
SIDES = (5, 9)
STRIDE = 2
LEVELS = torch.linspace(0, 1, 12)
RIDGE = 20.0

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Probe:
    """Linear maps, one an element, over standardised statistics."""

    filters: tuple[Tensor, ...]
    mean: Numbers
    scale: Numbers
    maps: tuple[Numbers, ...]

    def read(self, pixels: Pixels) -> Attributes:
        """The likeliest value of each element: (n, 5)."""
        seen = _with_one((_statistics(pixels, self.filters) - self.mean) / self.scale)
        return np.stack([(seen @ one).argmax(1) for one in self.maps], axis=1)


def fit(pixels: Pixels, attributes: Attributes, *, seed: int = 0) -> Probe:
    """Ridge regression onto each element's values."""
    filters = tuple(_filters(pixels, side, np.random.default_rng((seed, side))) for side in SIDES)
    seen = _statistics(pixels, filters)
    mean, scale = seen.mean(0), seen.std(0) + 1e-6
    seen = _with_one((seen - mean) / scale)
    inverse = np.linalg.inv(seen.T @ seen + RIDGE * np.eye(seen.shape[1])) @ seen.T
    maps = [inverse @ np.eye(size)[attributes[:, j]] for j, size in enumerate(SIZES)]
    return Probe(filters, mean, scale, tuple(maps))


def _light(pixels: Pixels) -> Tensor:
    """The value channel: (n, 1, SIDE, SIDE)."""
    return torch.from_numpy(pixels.max(-1).astype(np.float32) / 255)[:, None]


def _filters(pixels: Pixels, side: int, rng: np.random.Generator) -> Tensor:
    """Whitened patches of drawings, as filters for raw ones: (PATCHES, 1, side, side)."""
    light = _light(pixels)[:, 0].numpy()
    last = light.shape[1] - side
    places = zip(rng.integers(len(light), size=3000), rng.integers(0, last, (3000, 2)), strict=True)
    patches = np.stack([light[k, y : y + side, x : x + side].ravel() for k, (y, x) in places])
    patches -= patches.mean(1, keepdims=True)
    values, vectors = np.linalg.eigh(patches.T @ patches / len(patches))
    whitening = vectors @ np.diag((values + 1e-2) ** -0.5) @ vectors.T
    chosen = patches[:PATCHES] @ whitening
    chosen /= np.linalg.norm(chosen, axis=1, keepdims=True) + 1e-6
    filters = chosen @ whitening
    filters -= filters.mean(1, keepdims=True)
    return torch.from_numpy(filters.reshape(-1, 1, side, side).astype(np.float32))


def _statistics(pixels: Pixels, filters: tuple[Tensor, ...]) -> Numbers:
    parts = []
    for light in _light(pixels).split(100):
        above = torch.relu(light - LEVELS[:, None, None]).mean((2, 3))
        met = [F.conv2d(light, one, stride=STRIDE) for one in filters]
        strong = [torch.relu(sign * m - 1).mean((2, 3)) for m in met for sign in (1, -1)]
        parts.append(torch.cat([above, *strong], 1))
    return np.asarray(np.log(torch.cat(parts).double().numpy() + 1e-4))


def _with_one(seen: Numbers) -> Numbers:
    return np.column_stack([seen, np.ones(len(seen))])
