"""A pool of few drawings and a model of few parameters, for tests that train."""

from functools import cache
from typing import Any

import torch
from torch import Tensor

from training.nano.architecture import Shape, build_model
from training.nano.eye import look_at_all
from training.nano.pool import Pool, render_pool
from training.nano.tokenizer import build_tokenizer

SMALL = Shape(
    vision_width=32, vision_depth=1, vision_heads=2, width=32, depth=1, heads=2, kv_heads=1, inner=2
)


@cache
def tokenizer() -> Any:
    return build_tokenizer()


@cache
def pool() -> Pool:
    return Pool.of(*render_pool(2000, seed=3, workers=1))


def model(seed: int = 0) -> Any:
    return build_model(tokenizer(), shape=SMALL, seed=seed)


def image_tokens(of: Any, count: int | None = None) -> Tensor:
    with torch.no_grad():
        return look_at_all(of, pool().pixels[:count])
