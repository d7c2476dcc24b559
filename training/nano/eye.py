"""Look at drawings with the vision tower: image tokens in batches, and the compiled blocks."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from shared.vlm.qwen_forward import Blocks, image_tokens, patchify, text_block, vision_block
from training.nano.architecture import GRID
from training.prefersim.renderer import Pixels

AT_ONCE = 250
"""Drawings looked at together when nothing is learned."""


def look(model: Any, pixels: Pixels, *, blocks: Blocks | None = None) -> Tensor:
    """Image tokens of uint8 drawings (n, SIDE, SIDE, 3): (n, 9, d), in half precision."""
    patches = patchify(torch.from_numpy(np.array(pixels)))
    with torch.autocast("cpu", torch.bfloat16):
        return image_tokens(model.model.visual, patches, grid=GRID, blocks=blocks)


@torch.no_grad()
def look_at_all(model: Any, pixels: Pixels) -> Tensor:
    """As `look`, for any number of drawings: (n, 9, d), bfloat16."""
    parts = [
        look(model, pixels[k : k + AT_ONCE]).bfloat16() for k in range(0, len(pixels), AT_ONCE)
    ]
    return torch.cat(parts)


def compiled_blocks() -> Blocks:
    """One graph a block and shape, shared by all layers: a quarter of a whole model's compile."""
    return Blocks(
        vision=torch.compile(vision_block, dynamic=False),
        text=torch.compile(text_block, dynamic=False),
    )
