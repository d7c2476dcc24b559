"""Describe how the pixels of a picture were made: flat areas, noise, palette, edges.

Scans and cameras leave noise in every pixel. Vector art and screenshots have areas of exactly one
color, and pixel art has few colors and hard edges.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from shared.vlm.pictures.measured_words import hues
from shared.vlm.pictures.visible_part import Mask, Pixels, VisiblePart

Floats = npt.NDArray[np.float32]

COUNT: Final = 49
CROP: Final = 256
"""Largest side in pixels of the part at the picture's own resolution that is described."""
MIN_PIXELS: Final = 64
LUMA: Final = np.array([0.299, 0.587, 0.114], np.float32)
STRONG_EDGE: Final = 24.0
BLOCKS: Final = (2, 3, 4, 8)
"""Sides of the blocks that enlarged pixel art and JPEG files have."""
