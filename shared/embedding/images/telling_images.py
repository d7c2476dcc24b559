"""Choose the images whose answers tell most about a taste, by what is seen without a model."""

from collections.abc import Collection
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from shared.embedding.images.color_histogram import color_shares

NOISE: Final = 0.1
"""Part of an opinion that has other causes than what images share; 1 is its whole variance."""
SIDE: Final = 64
GRID: Final = 4
EDGE_BINS: Final = 8
Floats = NDArray[np.float64]


def most_telling(vectors: Floats, *, known: Collection[int], count: int) -> list[int]:
    """The places of the images whose answers tell most about all others.

    A taste likes what resembles one of the images, and all are equally likely. The first image is
    the one whose appeal differs most between these tastes, as far as this tells the appeal of the
    others; its answer explains a part of the spread, and the next image is chosen by what is left
    (sequential transductive experimental design, Yu, Bi and Tresp, ICML 2006). `vectors` has the
    shape (n, dimension); the answers to the images at `known` are given.
    """
    centered = vectors - vectors.mean(axis=0)
    covariance = centered @ centered.T  # (n, n)
    scale = float(np.trace(covariance)) / max(len(vectors), 1)
    if scale <= 0:
        return [place for place in range(len(vectors)) if place not in known][:count]
    covariance /= scale
    for place in known:
        covariance = _explained(covariance, place)
    free = np.array([place not in known for place in range(len(vectors))])
    chosen: list[int] = []
    while free.any() and len(chosen) < count:
        variance = np.diag(covariance)
        explained = (covariance**2).sum(axis=0) / (variance + NOISE)
        place = int(np.argmax(np.where(free, explained, -np.inf)))
        chosen.append(place)
        free[place] = False
        covariance = _explained(covariance, place)
    return chosen


def _explained(covariance: Floats, place: int) -> Floats:
    """What is unknown after the answer to one image."""
    column = covariance[:, place]
    left: Floats = covariance - np.outer(column, column) / (column[place] + NOISE)
    return left


def visible_features(image: Image) -> Floats:
    """Colors, places of light and dark, and edges of an RGB image: three parts of length 1."""
    colors = np.asarray(color_shares(image), np.float64)
    gray = np.asarray(image.resize((SIDE, SIDE)).convert("L"), np.float64) / 255
    side = SIDE // GRID
    light = gray.reshape(GRID, side, GRID, side).mean(axis=(1, 3)).ravel()
    down, right = np.gradient(gray)
    strength = np.hypot(down, right)
    edges, _ = np.histogram(strength, bins=EDGE_BINS, range=(0, 0.5))
    return np.concatenate([_unit(colors), _unit(light), _unit(np.sqrt(edges / strength.size))])


def _unit(values: Floats) -> Floats:
    length = float(np.linalg.norm(values))
    unit: Floats = values / length if length else values
    return unit
