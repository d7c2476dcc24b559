"""A small image pool and a small model, for tests that train."""

from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from training.nano.data.image_pool import Pool, render_into
from training.nano.model.architecture import Shape, build_model
from training.nano.model.tokenizer import build_tokenizer
from training.nano.model.vision_tower import encode_all
from training.prefersim.drawing.canvas import SIDE
from training.prefersim.values.vocabulary import UNKNOWN_VALUE, sample_attributes

SMALL = Shape(
    vision_width=32, vision_depth=1, vision_heads=2, width=32, depth=1, heads=2, kv_heads=1, inner=2
)


@cache
def tokenizer() -> Any:
    return build_tokenizer()


@cache
def pool() -> Pool:
    """A few rendered images."""
    pixels = np.empty((250, SIDE, SIDE, 3), np.uint8)
    return Pool.of(pixels, render_into(pixels, seed=3, workers=1))


@cache
def attribute_pool() -> Pool:
    """A pool without pixels, with so many images that rows find one for all values they need."""
    attributes = sample_attributes(np.random.default_rng(3), 120_000)
    attributes[::8, [0, 2]] = UNKNOWN_VALUE
    return Pool.of(np.empty((0, SIDE, SIDE, 3), np.uint8), attributes)


def model(seed: int = 0) -> Any:
    return build_model(tokenizer(), shape=SMALL, seed=seed)


def attribute_pool_tokens(model: Any) -> Tensor:
    """Tokens of a few images, repeated: they do not match the values of the attribute pool."""
    tokens = image_tokens(model, 60)
    return tokens.repeat(len(attribute_pool()) // len(tokens), 1, 1)


def image_tokens(model: Any, count: int | None = None) -> Tensor:
    with torch.no_grad():
        return encode_all(model, pool().pixels[:count])
