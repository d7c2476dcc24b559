"""Turn images into the data URLs that a model server takes, at the size that the model sees."""

import base64
from io import BytesIO
from pathlib import Path
from typing import Protocol

from PIL import Image

from shared.vlm.checkpoint.vision_config import VisionConfig


class Pictures(Protocol):
    """Writes an image down."""

    def data_url(self, image: Image.Image) -> str: ...


class AtMost:
    """Made smaller when a side is longer than `longest_side` pixels; the server does the rest."""

    def __init__(self, longest_side: int) -> None:
        self._longest_side = longest_side

    def data_url(self, image: Image.Image) -> str:
        return _png(self.small(image))

    def small(self, image: Image.Image) -> Image.Image:
        """The image in RGB, no longer than the limit."""
        small = image.convert("RGB")
        small.thumbnail((self._longest_side, self._longest_side), Image.Resampling.BICUBIC)
        return small


class AsTheModelSees(AtMost):
    """Scaled here by the checkpoint's own rule as well, so that the server has nothing to scale."""

    def __init__(self, folder: Path, longest_side: int) -> None:
        super().__init__(longest_side)
        self._vision = VisionConfig.read(folder)

    def data_url(self, image: Image.Image) -> str:
        # Scaled once where the rule makes it small enough: twice would be another image.
        if max(self._vision.size_for(*image.size)) <= self._longest_side:
            return _png(self._vision.scaled(image))
        return _png(self._vision.scaled(self.small(image)))


def _png(image: Image.Image) -> str:
    """Without loss; level 1 takes less than half of the default's time for a fifth more bytes."""
    written = BytesIO()
    image.save(written, "PNG", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(written.getvalue()).decode("ascii")
