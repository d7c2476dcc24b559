"""Look at drawings with the vision tower: image tokens in batches, and the compiled blocks."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from shared.vlm.engine.qwen_forward import Blocks, image_tokens, patchify, text_block, vision_block
from training.nano.model.architecture import GRID
from training.prefersim.drawing.renderer import Pixels

AT_ONCE = 250
"""Drawings looked at together when nothing is learned: more would leave a processor's cache."""
AT_ONCE_ON_A_GPU = 8192


def device_of(model: Any) -> torch.device:
    """Where a model's weights are."""
    device: torch.device = next(model.parameters()).device
    return device


def look(model: Any, pixels: Pixels | Tensor, *, blocks: Blocks | None = None) -> Tensor:
    """Image tokens of uint8 drawings (n, SIDE, SIDE, 3): (n, 9, d), in half precision."""
    device = device_of(model)
    shown = pixels if isinstance(pixels, Tensor) else torch.from_numpy(np.array(pixels))
    patches = patchify(shown.to(device))
    with torch.autocast(device.type, torch.bfloat16):
        return image_tokens(model.model.visual, patches, grid=GRID, blocks=blocks)


@torch.no_grad()
def look_at_all(model: Any, pixels: Pixels) -> Tensor:
    """As `look`, for any number of drawings: (n, 9, d), bfloat16, where the model is."""
    many = AT_ONCE if device_of(model).type == "cpu" else AT_ONCE_ON_A_GPU
    parts = [look(model, pixels[k : k + many]).bfloat16() for k in range(0, len(pixels), many)]
    return torch.cat(parts)


def compiled_blocks(device: str = "cpu") -> Blocks:
    """One graph a block and shape, shared by all layers: a quarter of a whole model's compile.

    On a GPU shapes are left open after the second one, since compiling takes longer than training.
    """
    dynamic = False if device == "cpu" else None
    return Blocks(
        vision=torch.compile(vision_block, dynamic=dynamic),
        text=torch.compile(text_block, dynamic=dynamic),
    )
