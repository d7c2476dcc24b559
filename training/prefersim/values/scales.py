"""Weaken a value on an ordered scale, so that it stays nearest to its own level."""

import numpy as np
import numpy.typing as npt

from training.prefersim.drawing.canvas import Floats

Numbers = npt.NDArray[np.float64]


def toward_middle(levels: Numbers, chosen: npt.NDArray[np.int64], strength: Floats) -> Numbers:
    """The measured values of the chosen levels (n,) at a strength 0-1 (n,).

    At strength 0 a level moves to the border of its neighbor toward the middle of the scale, at
    strength 0.5 half of that way. The nearest level stays the same. The middle level does not move.
    """
    inward = np.sign((len(levels) - 1) / 2 - np.arange(len(levels))).astype(int)
    borders = (levels + levels[np.arange(len(levels)) + inward]) / 2
    full, weakest = levels[chosen], borders[chosen]
    return np.asarray(weakest + strength * (full - weakest))
