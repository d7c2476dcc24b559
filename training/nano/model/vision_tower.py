"""Encode images with the vision tower, in batches, with compiled blocks."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from shared.vlm.engine.qwen_forward import Blocks, image_tokens, patchify, text_block, vision_block
from training.nano.model.architecture import GRID
from training.prefersim.drawing.renderer import Pixels

IMAGES_PER_CPU_PASS = 250
"""Images in one forward pass without gradients: more do not fit a processor's cache."""
IMAGES_PER_GPU_PASS = 8192


def device_of(model: Any) -> torch.device:
    """The device of a model's weights."""
    device: torch.device = next(model.parameters()).device
    return device


def encode_images(model: Any, pixels: Pixels | Tensor, *, blocks: Blocks | None = None) -> Tensor:
    """Image tokens (n, 9, d) in half precision, of uint8 images (n, SIDE, SIDE, 3)."""
    device = device_of(model)
    shown = pixels if isinstance(pixels, Tensor) else torch.from_numpy(np.array(pixels))
    patches = patchify(shown.to(device))
    with torch.autocast(device.type, torch.bfloat16):
        return image_tokens(model.model.visual, patches, grid=GRID, blocks=blocks)


@torch.no_grad()
def encode_all(model: Any, pixels: Pixels) -> Tensor:
    """As `encode_images`, for any number of images: (n, 9, d), bfloat16, on the model's device."""
    many = IMAGES_PER_CPU_PASS if device_of(model).type == "cpu" else IMAGES_PER_GPU_PASS
    parts = [
        encode_images(model, pixels[k : k + many]).bfloat16() for k in range(0, len(pixels), many)
    ]
    return torch.cat(parts)


def compiled_blocks(device: str = "cpu") -> Blocks:
    """One graph for each block and shape, shared by all layers: a quarter of the compile time.

    On a GPU, shapes become dynamic after the second one: compiling would outlast the training.
    """
    dynamic = False if device == "cpu" else None
    return Blocks(
        vision=torch.compile(vision_block, dynamic=dynamic),
        text=torch.compile(text_block, dynamic=dynamic),
    )
