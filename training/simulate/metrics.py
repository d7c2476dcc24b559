"""What a day's rankings were worth, against what people truly think."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from training.prefersim.values.vocabulary import Attributes

TOP: Final = 10
Floats = npt.NDArray[np.float64]
Order = npt.NDArray[np.int64]
"""Numbers of images, best first."""


@dataclass(frozen=True)
class Shown:
    """One ranking of one person's candidates by one arm."""

    order: Order
    looked: int
    clicked: int


@dataclass(frozen=True)
class DayMeasures:
    """Of one arm on one day. All 0-1."""

    ctr: float
    """Clicks a view."""
    ndcg: float
    """At 10, of the true appeal."""
    diversity: float
    """Mean share of elements in which two images of a top 10 differ."""
    coverage: float
    """Share of the images that were candidates which stood in anybody's top 10."""
    people: int


def ndcg(order: Order, appeal: Floats, *, top: int = TOP) -> float:
    """1 when the best come first; `appeal` by image number, of whom `order` are the candidates."""
    gains = appeal[order]
    discount = 1 / np.log2(np.arange(2, top + 2))
    best = np.sort(gains)[::-1][:top]
    ideal = float((best * discount[: len(best)]).sum())
    found = gains[:top]
    return float((found * discount[: len(found)]).sum()) / ideal if ideal else 1.0


def diversity(order: Order, shown: Attributes, *, top: int = TOP) -> float:
    values = shown[order[:top]]
    if len(values) < 2:
        return 0.0
    differ = (values[:, None, :] != values[None, :, :]).mean(axis=2)
    n = len(values)
    return float(differ.sum() / (n * (n - 1)))


def coverage(orders: Sequence[Order], *, top: int = TOP) -> float:
    possible = {int(image) for order in orders for image in order}
    seen = {int(image) for order in orders for image in order[:top]}
    return len(seen) / len(possible) if possible else 0.0
