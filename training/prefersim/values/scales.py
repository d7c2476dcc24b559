"""Weaken a value that lies on a scale, without turning it into its neighbor."""

import numpy as np
import numpy.typing as npt

from training.prefersim.drawing.canvas import Floats

Numbers = npt.NDArray[np.float64]


def toward_middle(levels: Numbers, chosen: npt.NDArray[np.int64], strength: Floats) -> Numbers:
    """What a scale's chosen levels (n,) measure at a strength 0-1 (n,).

    At strength 0 a level lies where its neighbor toward the middle of the scale begins, at half
    strength halfway there, so that its own value remains the nearest. A middle level stays.
    """
    inward = np.sign((len(levels) - 1) / 2 - np.arange(len(levels))).astype(int)
    borders = (levels + levels[np.arange(len(levels)) + inward]) / 2
    full, weakest = levels[chosen], borders[chosen]
    return np.asarray(weakest + strength * (full - weakest))
