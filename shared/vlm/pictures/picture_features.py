"""Compute the features from which drawings and the medium of pictures are recognized.

They are pixel statistics, and means and deviations inside the pretrained network that also encodes
images (EfficientNet-Lite0, ImageNet). Its last blocks are left out: they know what a picture shows,
and mediums of other packages were recognized less well with them (training/LOG.md).
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

from shared.embedding.images.efficientnet_lite import EfficientNetLite0
from shared.vlm.pictures.pixel_statistics import pixel_statistics
from shared.vlm.pictures.visible_part import VisiblePart

Floats = npt.NDArray[np.float32]

SIDE: Final = 112
"""Pixels of each side of the network's input: a quarter of the time that 224 pixels take."""
GRAY: Final = 127
"""The background becomes gray, which is 0 for the network, so that its color means nothing."""
SCALE: Final = 128.0
BATCH: Final = 8
BLOCKS: Final = (2, 4, 7, 10)
"""Blocks of the network whose outputs are used: the last ones of its stages 2 to 5."""


class PictureFeatures:
    """Computes features with one network; not thread-safe."""

    def __init__(self, network: EfficientNetLite0) -> None:
        self._network = network

    def statistics(self, pictures: Sequence[Image.Image], parts: Sequence[VisiblePart]) -> Floats:
        """The pixel statistics of RGB pictures: (n, 46)."""
        return np.stack(
            [pixel_statistics(image, part) for image, part in zip(pictures, parts, strict=True)]
        )

    def textures(self, parts: Sequence[VisiblePart]) -> Floats:
        """The textures of pictures, several times the time of the statistics: (n, 512)."""
        batches = [self._textures(parts[k : k + BATCH]) for k in range(0, len(parts), BATCH)]
        return np.concatenate(batches)

    @torch.inference_mode()
    def _textures(self, parts: Sequence[VisiblePart]) -> Floats:
        hidden = self._network.stem(torch.from_numpy(np.stack([_square(part) for part in parts])))
        textures: list[Tensor] = []  # each (n, channels)
        for number, block in enumerate(self._network._blocks[: BLOCKS[-1] + 1]):
            hidden = block(hidden)
            if number in BLOCKS:
                textures += [hidden.mean((2, 3)), hidden.std((2, 3))]
        return np.asarray(torch.cat(textures, dim=1), np.float32)


def _square(part: VisiblePart) -> Floats:
    """The visible part on gray as the network expects it: (3, SIDE, SIDE)."""
    pixels = np.where(part.mask[..., None], part.pixels, np.uint8(GRAY))
    square = Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    values = (np.asarray(square, np.float32) - GRAY) / SCALE
    return np.ascontiguousarray(values.transpose(2, 0, 1))
