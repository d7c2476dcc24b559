"""Convert hue, saturation and value to pixels, and measure hue and saturation of pixels."""

import numpy as np
import numpy.typing as npt

from training.prefersim.drawing.canvas import Floats

Pixels = npt.NDArray[np.uint8]
"""RGB 0-255: (n, rows, columns, 3)."""


def to_rgb(hue: Floats, saturation: Floats, value: Floats) -> Pixels:
    """HSV to RGB: hue in degrees, the others 0-1; all are broadcast to the shape of `value`."""
    rgb = np.empty((*value.shape, 3), np.uint8)
    for channel, offset in enumerate((5, 3, 1)):
        sector = (offset + hue / 60) % 6
        rgb[..., channel] = 255 * (
            value - value * saturation * np.clip(np.minimum(sector, 4 - sector), 0, 1)
        )
    return rgb


def hue_and_saturation(pixels: Pixels) -> tuple[Floats, Floats]:
    """Hue (degrees 0-360) and saturation (0-1) of every pixel; gray has hue 0."""
    red, green, blue = np.moveaxis(pixels.astype(np.float32), -1, 0)
    most, least = pixels.max(-1).astype(np.float32), pixels.min(-1).astype(np.float32)
    spread = most - least
    divisor = np.maximum(spread, 1)
    hue = np.where(
        most == red,
        (green - blue) / divisor % 6,
        np.where(most == green, (blue - red) / divisor + 2, (red - green) / divisor + 4),
    )
    hue = np.where(spread > 0, 60 * hue, 0)
    return hue.astype(np.float32), (spread / np.maximum(most, 1)).astype(np.float32)


def measured_color(pixels: Pixels) -> tuple[Floats, Floats]:
    """Hue (degrees) and saturation (0-1) of whole images, each (n,).

    The hue is the circular mean, weighted by saturation. The saturation is the mean over pixels
    that are not too dark to have a color.
    """
    hue, saturation = hue_and_saturation(pixels)
    light = pixels.max(-1) > 40
    direction = (saturation * light * np.exp(1j * np.radians(hue))).sum((1, 2))
    mean = (saturation * light).sum((1, 2)) / np.maximum(light.sum((1, 2)), 1)
    return (np.degrees(np.angle(direction)) % 360).astype(np.float32), mean.astype(np.float32)
