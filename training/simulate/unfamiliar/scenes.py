"""Give the light of a scene at any point: of a held-out drawn subject, or of a real picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps
from scipy.ndimage import distance_transform_edt, gaussian_filter, map_coordinates, sobel

from training.prefersim.drawing.canvas import SIDE, Floats
from training.prefersim.drawing.scenes import Scenes, trace

EDGES: Final = 0.16
"""Share of the pixels of a picture that count as outlines: as many as a drawn subject has."""
SMOOTHING: Final = 0.8
"""Pixels by which a picture is blurred first: compression must not draw outlines."""
FAR: Final = 9.0
"""Largest distance to an outline in pixels."""


class Light(Protocol):
    """A batch of scenes."""

    def __len__(self) -> int: ...

    def take(self, indices: npt.NDArray[np.int64]) -> "Light":
        """The scenes at these indices, in this order."""
        ...

    def at(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Value 0-1, and distance in pixels to the nearest outline. (n, SIDE, SIDE) each"""
        ...


@dataclass(frozen=True)
class DrawnLight:
    """Drawn subjects."""

    scenes: Scenes

    def __len__(self) -> int:
        return len(self.scenes)

    def take(self, indices: npt.NDArray[np.int64]) -> "DrawnLight":
        return DrawnLight(self.scenes.take(indices))

    def at(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        return trace(self.scenes, x, y)


@dataclass(frozen=True)
class PictureLight:
    """Real pictures, by their brightness."""

    value: Floats
    """(n, SIDE, SIDE), 0-1"""
    distance: Floats
    """(n, SIDE, SIDE), pixels"""

    def __len__(self) -> int:
        return len(self.value)

    def take(self, indices: npt.NDArray[np.int64]) -> "PictureLight":
        return PictureLight(self.value[indices], self.distance[indices])

    def at(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        places = np.stack([np.broadcast_to(y, x.shape), x], axis=1) - 0.5
        return _sampled(self.value, places), _sampled(self.distance, places)


def picture_light(pictures: Sequence[Image.Image]) -> PictureLight:
    """The light of the middle square of each picture, its contrast stretched."""
    value = np.stack([_brightness(picture) for picture in pictures])
    distance = np.stack([_to_outline(one) for one in value])
    return PictureLight(value, distance)


def _brightness(picture: Image.Image) -> Floats:
    white = Image.new("RGB", picture.size, "white")
    mask = picture.convert("RGBA").getchannel("A")
    white.paste(picture.convert("RGB"), mask=mask)
    square = ImageOps.fit(white, (SIDE, SIDE), Image.Resampling.LANCZOS)
    gray = gaussian_filter(np.asarray(square.convert("L"), np.float32) / 255, SMOOTHING)
    low, high = np.percentile(gray, (2, 98))
    return np.asarray(0.15 + 0.75 * np.clip((gray - low) / max(high - low, 1e-3), 0, 1), np.float32)


def _to_outline(value: Floats) -> Floats:
    steps = np.hypot(sobel(value, 0), sobel(value, 1))
    is_outline = steps >= max(float(np.quantile(steps, 1 - EDGES)), 1e-6)
    return np.asarray(np.minimum(distance_transform_edt(~is_outline), FAR), np.float32)


def _sampled(maps: Floats, places: Floats) -> Floats:
    return np.stack(
        [
            map_coordinates(one, at, order=1, mode="nearest")
            for one, at in zip(maps, places, strict=True)
        ]
    ).astype(np.float32)
