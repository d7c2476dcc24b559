"""Drawings of evenly sampled values, made once for all tests."""

from functools import cache

import numpy as np

from training.prefersim.drawing.colors import Pixels
from training.prefersim.drawing.renderer import render
from training.prefersim.drawing.scenes import draw_scenes
from training.prefersim.values.vocabulary import Attributes, sample_attributes

AT_ONCE = 50


@cache
def drawings(count: int, *, seed: int) -> tuple[Pixels, Attributes]:
    """Pixels and rows of `count` drawings, each of a scene of its own."""
    rng = np.random.default_rng(seed)
    attributes = sample_attributes(rng, count)
    return draw(attributes, seed=seed), attributes


def draw(attributes: Attributes, *, seed: int) -> Pixels:
    """The same scenes for a seed, whatever the values."""
    return np.concatenate(
        [
            render(
                draw_scenes(np.random.default_rng((seed, k)), len(attributes[k : k + AT_ONCE])),
                attributes[k : k + AT_ONCE],
                np.random.default_rng((seed, k, 1)),
            )
            for k in range(0, len(attributes), AT_ONCE)
        ]
    )
