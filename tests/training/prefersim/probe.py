"""Linear probe that reads the values of the elements from simple statistics of the light.

The statistics are the mean light above several levels, and the mean response to filters made of
patches of other drawings. Only a linear map is fitted on them. The probe has no knowledge of the
renderer.
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
"""Number of filters of each size."""
SIDES = (5, 9)
STRIDE = 2
LEVELS = torch.linspace(0, 1, 12)
RIDGE = 20.0

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Probe:
    """One linear map per element, on standardized statistics."""

    filters: tuple[Tensor, ...]
    mean: Numbers
    scale: Numbers
    maps: tuple[Numbers, ...]

    def read(self, pixels: Pixels) -> Attributes:
        """The most likely value of each element: (n, 5)."""
        features = _with_bias((_statistics(pixels, self.filters) - self.mean) / self.scale)
        return np.stack([(features @ weights).argmax(1) for weights in self.maps], axis=1)


def fit(pixels: Pixels, attributes: Attributes, *, seed: int = 0) -> Probe:
    """Fit a ridge regression on the values of each element."""
    filters = tuple(_filters(pixels, side, np.random.default_rng((seed, side))) for side in SIDES)
    features = _statistics(pixels, filters)
    mean, scale = features.mean(0), features.std(0) + 1e-6
    features = _with_bias((features - mean) / scale)
    gram = features.T @ features + RIDGE * np.eye(features.shape[1])
    inverse = np.linalg.inv(gram) @ features.T
    maps = [inverse @ np.eye(size)[attributes[:, j]] for j, size in enumerate(SIZES)]
    return Probe(filters, mean, scale, tuple(maps))


def _light(pixels: Pixels) -> Tensor:
    """The value channel: (n, 1, SIDE, SIDE)."""
    return torch.from_numpy(pixels.max(-1).astype(np.float32) / 255)[:, None]


def _filters(pixels: Pixels, side: int, rng: np.random.Generator) -> Tensor:
    """Whitened patches of drawings, as filters for raw ones: (PATCHES, 1, side, side)."""
    light = _light(pixels)[:, 0].numpy()
    last = light.shape[1] - side
    corners = zip(
        rng.integers(len(light), size=3000), rng.integers(0, last, (3000, 2)), strict=True
    )
    patches = np.stack([light[k, y : y + side, x : x + side].ravel() for k, (y, x) in corners])
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
        responses = [F.conv2d(light, weights, stride=STRIDE) for weights in filters]
        strong = [torch.relu(sign * r - 1).mean((2, 3)) for r in responses for sign in (1, -1)]
        parts.append(torch.cat([above, *strong], 1))
    return np.asarray(np.log(torch.cat(parts).double().numpy() + 1e-4))


def _with_bias(features: Numbers) -> Numbers:
    return np.column_stack([features, np.ones(len(features))])
