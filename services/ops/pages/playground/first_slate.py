"""Choose the sample images that tell most about a taste, to ask a new user about them first."""

import io
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.ops.sample_images import SampleImage
from shared.embedding.images.color_histogram import color_shares

QUESTIONS: Final = 12
"""Images that are asked about first: as many as a row or two of the page."""
NOISE: Final = 0.1
"""Part of an opinion that has other causes than what images share; 1 is its whole variance."""
SIDE: Final = 64
GRID: Final = 4
EDGE_BINS: Final = 8
Floats = NDArray[np.float64]


def first_questions(
    samples: Sequence[SampleImage], *, answered: Collection[str], count: int = QUESTIONS
) -> list[SampleImage]:
    """The samples to ask about next, the most telling first; `answered` has ids of others."""
    if not samples:
        return []
    vectors = np.stack([_features(sample) for sample in samples])
    known = [place for place, sample in enumerate(samples) if sample.image_id in answered]
    return [samples[place] for place in most_telling(vectors, known=known, count=count)]


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


@lru_cache(maxsize=512)
def _features(sample: SampleImage) -> Floats:
    """What can be seen without a model: colors, places of light and dark, and edges."""
    with Image.open(io.BytesIO(sample.data)) as opened:
        image = opened.convert("RGB")
    colors = np.sqrt(np.asarray(color_shares(image), np.float64))
    gray = np.asarray(image.resize((SIDE, SIDE)).convert("L"), np.float64) / 255
    side = SIDE // GRID
    light = gray.reshape(GRID, side, GRID, side).mean(axis=(1, 3)).ravel()
    down, right = np.gradient(gray)
    strength = np.hypot(down, right)
    edges, _ = np.histogram(strength, bins=EDGE_BINS, range=(0, 0.5))
    parts = (_unit(colors), _unit(light), _unit(np.sqrt(edges / strength.size)))
    return np.concatenate(parts)


def _unit(values: Floats) -> Floats:
    length = float(np.linalg.norm(values))
    unit: Floats = values / length if length else values
    return unit
