"""Have a model describe images whose values are known: clean drawings, degraded, photographs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL.Image import Image

from shared.domain.taste import ELEMENTS
from shared.vlm.protocol import VisionLanguageModel
from training.evaluation.held_out.evaluate import in_parts
from training.prefersim.drawing.degradations import degrade, draw_strength
from training.prefersim.drawing.photographs import draw_photographs
from training.prefersim.drawing.renderer import as_image, render
from training.prefersim.drawing.scenes import draw_scenes
from training.prefersim.values.vocabulary import Attributes, held_out, sample_attributes, words_of
from training.statistics.bootstrap import share
from training.statistics.interval import Share

STREAM: Final = 0x4A3E
"""Stands beside the seed: no pool and no benchmark draws from seeds of this shape."""
DRAWINGS: Final = 1000
"""Their shares are known to within 1.1 points at 97 %."""
DEGRADED: Final = 500
PHOTOGRAPHS: Final = 400


@dataclass(frozen=True)
class Named:
    """Images and the values that nobody told the model."""

    images: tuple[Image, ...]
    attributes: Attributes


def draw_named(seed: int) -> dict[str, Named]:
    """Images of evenly drawn values; photographs are of files that no training saw."""
    rng = np.random.default_rng((seed, STREAM))
    clean = sample_attributes(rng, DRAWINGS)
    drawn = render(draw_scenes(rng, DRAWINGS), clean, rng)
    weak = sample_attributes(rng, DEGRADED)
    strength = draw_strength(rng, DEGRADED)
    weakened = render(draw_scenes(rng, DEGRADED), weak, rng, strength)
    photographs, shown = draw_photographs(rng, PHOTOGRAPHS, held_out=True)
    unseen = held_out(clean)
    images = tuple(map(as_image, drawn))
    return {
        "drawings": Named(images, clean),
        "drawings of held-out combinations": Named(
            tuple(images[k] for k in np.flatnonzero(unseen)), clean[unseen]
        ),
        "degraded drawings": Named(tuple(degrade(one, rng) for one in weakened), weak),
        "photographs": Named(tuple(map(as_image, photographs)), shown),
    }


async def name_all(model: VisionLanguageModel, *, seed: int) -> dict[str, Mapping[str, Share]]:
    """By kind of image and element: how often the one word is the true one."""
    found: dict[str, Mapping[str, Share]] = {}
    for kind, named in draw_named(seed).items():
        described = await in_parts(model.describe, named.images)
        truths = [words_of(row) for row in named.attributes]
        found[kind] = {
            element.spoken: share(
                [
                    [said.words.get(element, ()) == _word(true.get(element))]
                    for said, true in zip(described, truths, strict=True)
                ],
                seed=seed,
            )
            for element in ELEMENTS
        }
    return found


def _word(word: str | None) -> tuple[str, ...]:
    """Of what cannot be told there is no word."""
    return () if word is None else (word,)
