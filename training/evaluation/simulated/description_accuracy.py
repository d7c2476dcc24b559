"""Measure image descriptions against known values: drawings, degraded drawings, photographs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL.Image import Image

from shared.domain.taste import ELEMENTS, Element
from shared.vlm.protocol import Description, VisionLanguageModel
from training.evaluation.scoring import in_batches
from training.prefersim.drawing.degradations import degrade, draw_strength
from training.prefersim.drawing.photographs import draw_crops
from training.prefersim.drawing.renderer import as_image, render
from training.prefersim.drawing.scenes import draw_scenes
from training.prefersim.values.vocabulary import Attributes, held_out, sample_attributes, words_of
from training.statistics.bootstrap import share
from training.statistics.interval import Share

STREAM: Final = 0x4A3E
"""Separates these random numbers from those of the training pools and benchmarks."""
DRAWINGS: Final = 1000
"""A share of 97 % is then known to within 1.1 points."""
DEGRADED: Final = 500
PHOTOGRAPHS: Final = 400
"""Crops of the five held-out photographs."""


@dataclass(frozen=True)
class KnownImages:
    """Images of one kind, and the values that they show."""

    images: tuple[Image, ...]
    attributes: Attributes
    sources: npt.NDArray[np.int64] | None = None
    """(n,) number of the photograph that each crop comes from; None where all are independent."""


def draw_known_images(seed: int) -> dict[str, KnownImages]:
    """Images with uniformly drawn values; photographs come from files that no training uses."""
    rng = np.random.default_rng((seed, STREAM))
    clean = sample_attributes(rng, DRAWINGS)
    drawn = render(draw_scenes(rng, DRAWINGS), clean, rng)
    weak = sample_attributes(rng, DEGRADED)
    strength = draw_strength(rng, DEGRADED)
    weakened = render(draw_scenes(rng, DEGRADED), weak, rng, strength)
    crops = draw_crops(rng, PHOTOGRAPHS, held_out=True)
    unseen = held_out(clean)
    images = tuple(map(as_image, drawn))
    return {
        "drawings": KnownImages(images, clean),
        "drawings of held-out combinations": KnownImages(
            tuple(images[k] for k in np.flatnonzero(unseen)), clean[unseen]
        ),
        "degraded drawings": KnownImages(tuple(degrade(pixels, rng) for pixels in weakened), weak),
        "photographs": KnownImages(
            tuple(map(as_image, crops.pixels)), crops.attributes, crops.sources
        ),
    }


async def description_accuracy(
    model: VisionLanguageModel, *, seed: int
) -> dict[str, Mapping[str, Share]]:
    """By kind of image and element: how often the description has exactly the true word.

    The interval of photographs is over photographs, because crops of one photograph are alike.
    """
    accuracy: dict[str, Mapping[str, Share]] = {}
    for kind, known in draw_known_images(seed).items():
        descriptions = await in_batches(model.describe, known.images)
        accuracy[kind] = {
            e.label: share(_by_source(_right(descriptions, known, e), known.sources), seed=seed)
            for e in ELEMENTS
        }
    return accuracy


def _right(descriptions: list[Description], known: KnownImages, element: Element) -> list[float]:
    """For each image, whether its description has the true word, or none for an unknown value."""
    truths = [words_of(row).get(element) for row in known.attributes]
    return [
        float(description.words.get(element, ()) == (() if word is None else (word,)))
        for description, word in zip(descriptions, truths, strict=True)
    ]


def _by_source(right: list[float], sources: npt.NDArray[np.int64] | None) -> list[list[float]]:
    """Answers in clusters: one for each photograph, or one for each image."""
    if sources is None:
        return [[value] for value in right]
    values = np.array(right)
    return [values[sources == source].tolist() for source in np.unique(sources)]
