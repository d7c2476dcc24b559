"""Count the colors of an image, as a baseline for every comparison of pictures."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

LEVELS: Final = 4
"""Levels of each color channel: 64 colors."""
SIDE: Final = 64


def color_shares(image: Image) -> NDArray[np.float32]:
    """Square roots of the shares of the 64 colors, shape (64,), of length 1.

    The product of two of them is the Hellinger affinity, 0-1.
    """
    levels = np.asarray(image.resize((SIDE, SIDE))) // (256 // LEVELS)
    red, green, blue = np.moveaxis(levels.astype(int), -1, 0)
    colors = ((red * LEVELS + green) * LEVELS + blue).ravel()
    shares = np.bincount(colors, minlength=LEVELS**3) / colors.size
    roots: NDArray[np.float32] = np.sqrt(shares).astype(np.float32)
    return roots
