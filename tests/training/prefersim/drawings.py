"""Drawings of uniformly sampled values, drawn once for all tests."""

from functools import cache

import numpy as np

from training.prefersim.drawing.colors import Pixels
from training.prefersim.drawing.renderer import render
from training.prefersim.drawing.scenes import draw_scenes
from training.prefersim.values.vocabulary import Attributes, sample_attributes

BATCH = 50


@cache
def drawings(count: int, *, seed: int) -> tuple[Pixels, Attributes]:
    """Pixels and attributes of `count` drawings, each with its own scene."""
    rng = np.random.default_rng(seed)
    attributes = sample_attributes(rng, count)
    return draw(attributes, seed=seed), attributes


def draw(attributes: Attributes, *, seed: int) -> Pixels:
    """Draw these values; the scenes depend only on the seed."""
    return np.concatenate(
        [
            render(
                draw_scenes(np.random.default_rng((seed, k)), len(attributes[k : k + BATCH])),
                attributes[k : k + BATCH],
                np.random.default_rng((seed, k, 1)),
            )
            for k in range(0, len(attributes), BATCH)
        ]
    )
