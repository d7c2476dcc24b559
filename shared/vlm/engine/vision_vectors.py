"""Average what a model's vision tower sees over the patches of each image, before any word."""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from shared.vlm.engine.inputs.protocol import Inputs


def vision_vectors(model: Any, inputs: Inputs) -> npt.NDArray[np.float32] | None:
    """The mean over the patches after the tower's last block: (images, width).

    The tower is that of the Qwen-VL architectures (`visual`, with `blocks`), which get the patches
    of all images in one row. None for other architectures.
    """
    core = getattr(model, "model", model)
    tower = getattr(core, "visual", None)
    blocks = getattr(tower, "blocks", None)
    if tower is None or not blocks or not {"pixel_values", "image_grid_thw"} <= inputs.keys():
        return None
    seen: list[Tensor] = []

    def keep(_block: Any, _inputs: Any, output: Any) -> None:
        seen.append(output[0] if isinstance(output, tuple) else output)

    hook = blocks[-1].register_forward_hook(keep)
    try:
        grids = inputs["image_grid_thw"]
        tower(inputs["pixel_values"], grid_thw=grids)
    finally:
        hook.remove()
    patches = seen[0].reshape(-1, seen[0].shape[-1]).float()
    of_image = torch.split(patches, grids.prod(dim=1).tolist())
    vectors: npt.NDArray[np.float32] = torch.stack([x.mean(dim=0) for x in of_image]).cpu().numpy()
    return vectors
