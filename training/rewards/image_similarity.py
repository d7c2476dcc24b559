"""Compare an image of the predicted profile with one of the true profile."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image, Resampling

from shared.prompting.prompt import SideWords

SIDE: Final = 96
"""Side in pixels of the images that are compared."""
BINS: Final = 12
"""Bins of hue, colorfulness and edge strength: coarse, so that neighboring values overlap."""
HIGHEST_FLOOR: Final = 0.95

Features = NDArray[np.float64]


class Renderer(Protocol):
    """Draws profiles. In production this is the text-to-image model that drew the references."""

    def render(self, sides: Sequence[SideWords]) -> list[Image | None]:
        """One image a side, all of the same content; None for a side that cannot be drawn."""
        ...


class ImageSimilarity(Protocol):
    def compare(self, first: Image, second: Image) -> float:
        """0-1: 1 for images that look the same."""
        ...


class FeatureSimilarity:
    """Histograms of hue, colorfulness, light and edges at three scales. It needs no weights and
    takes milliseconds for a pair."""

    def compare(self, first: Image, second: Image) -> float:
        """The mean overlap of the histograms of both images."""
        pairs = zip(_features(first), _features(second), strict=True)
        return float(np.mean([np.minimum(a, b).sum() for a, b in pairs]))


@dataclass(frozen=True)
class Rescaled:
    """A similarity without its floor: unlike images get 0 instead of the floor."""

    similarity: ImageSimilarity
    floor: float

    def compare(self, first: Image, second: Image) -> float:
        share = (self.similarity.compare(first, second) - self.floor) / (1 - self.floor)
        return float(np.clip(share, 0, 1))


def rescaled(
    similarity: ImageSimilarity, renderer: Renderer, *, unlike: Sequence[tuple[SideWords, ...]]
) -> Rescaled:
    """Measure the floor on pairs of profiles that agree in nothing."""
    drawn = [renderer.render(pair) for pair in unlike]
    similarities = [similarity.compare(a, b) for a, b in drawn if a is not None and b is not None]
    if not similarities:
        raise ValueError("None of the unlike profiles could be drawn: give other words.")
    return Rescaled(similarity, min(float(np.mean(similarities)), HIGHEST_FLOOR))


def _features(image: Image) -> list[Features]:
    """Histograms of one image; each sums to one."""
    small = image.convert("RGB").resize((SIDE, SIDE), Resampling.BILINEAR)
    hue, saturation, value = np.moveaxis(np.asarray(small.convert("HSV"), np.float64) / 255, 2, 0)
    colorfulness = saturation * value
    histograms = [
        _histogram(hue, weights=colorfulness + 1e-6),
        _histogram(colorfulness),
        _histogram(value),
    ]
    light = np.asarray(small.convert("L"), np.float64) / 255
    for step in (1, 3, 8):
        down, across = light[step:] - light[:-step], light[:, step:] - light[:, :-step]
        histograms.append(_histogram(np.sqrt(np.abs(down))))
        histograms.append(_histogram(np.sqrt(np.abs(across))))
    return histograms


def _histogram(values: Features, *, weights: Features | None = None) -> Features:
    counts, _ = np.histogram(
        values.ravel(), BINS, (0, 1), weights=None if weights is None else weights.ravel()
    )
    return np.asarray(counts / counts.sum(), np.float64)
