"""Measure the rankings of a day: NDCG, clicks, coverage and diversity."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from training.prefersim.values.vocabulary import Attributes

NDCG_TOP: Final = 10
TOP: Final = 5
"""Ranks of coverage and diversity: a slate has 12 to 20 candidates, and over most of a slate both
are nearly constant, whatever the ranking."""
Floats = npt.NDArray[np.float64]
Order = npt.NDArray[np.int64]
"""Numbers of images, best first."""


@dataclass(frozen=True)
class RankedSlate:
    """One ranking of one user's candidates, and what the user does with it."""

    order: Order
    viewed: int
    clicked: int


@dataclass(frozen=True)
class DayMetrics:
    """Metrics of one ranking on one day, all 0-1."""

    ctr: float
    """Clicks per view."""
    ndcg: float
    """NDCG@10 with the true appeal as gain."""
    coverage_at_5: float
    """Share of the candidate images that are in the top 5 of any user."""
    exposure_diversity_at_5: float
    """Effective number of images in the top 5 of all users, as a share of the candidate images."""
    list_diversity_at_5: float
    """Mean share of elements in which two images of one top 5 differ. It does not show a collapse:
    a good ranking for one taste lowers it as much as one ranking for all users."""
    users: int


def ndcg(order: Order, appeal: Floats, *, top: int = NDCG_TOP) -> float:
    """NDCG of an order; `appeal` is indexed by image number, `order` holds the candidates."""
    gains = appeal[order]
    discount = 1 / np.log2(np.arange(2, top + 2))
    best = np.sort(gains)[::-1][:top]
    ideal = float((best * discount[: len(best)]).sum())
    ranked = gains[:top]
    return float((ranked * discount[: len(ranked)]).sum()) / ideal if ideal else 1.0


def coverage(orders: Sequence[Order], *, top: int = TOP) -> float:
    """Share of the candidate images that are in the top ranks of any order."""
    candidates = {int(image) for order in orders for image in order}
    shown = {int(image) for order in orders for image in order[:top]}
    return len(shown) / len(candidates) if candidates else 0.0


def exposure_diversity(orders: Sequence[Order], *, top: int = TOP) -> float:
    """Effective number of images in the top ranks of all orders / number of candidate images.

    The effective number is the exponential of the Shannon entropy of how often each image is shown
    (aggregate diversity, Adomavicius and Kwon 2012): 1 image if all users get the same image, all
    images if each is shown equally often.
    """
    candidates = {int(image) for order in orders for image in order}
    counts = Counter(int(image) for order in orders for image in order[:top])
    if not counts:
        return 0.0
    share = np.array(list(counts.values()), np.float64) / counts.total()
    return float(np.exp(-(share * np.log(share)).sum())) / len(candidates)


def list_diversity(order: Order, shown: Attributes, *, top: int = TOP) -> float:
    """Mean share of elements in which two of the top images differ."""
    values = shown[order[:top]]
    if len(values) < 2:
        return 0.0
    differ = (values[:, None, :] != values[None, :, :]).mean(axis=2)
    n = len(values)
    return float(differ.sum() / (n * (n - 1)))
