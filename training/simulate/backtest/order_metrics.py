"""Measure an order of a list by its clicks: NDCG and the reciprocal rank of the first click."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

SHUFFLES: Final = 100
"""Random orders, and the control is their mean; its error is far below the intervals over users."""


class OrderMetrics(NamedTuple):
    """Both 0-1."""

    ndcg: float
    """NDCG with gain 1 for a click (Jarvelin and Kekalainen 2002)."""
    mrr: float
    """Reciprocal rank of the best placed click."""


def order_metrics(clicked: Sequence[bool]) -> OrderMetrics:
    """`clicked` in the order of the list, with at least one click."""
    gains = np.asarray(clicked, np.float64)
    discounts = 1 / np.log2(np.arange(2, len(gains) + 2))
    ideal = discounts[: int(gains.sum())].sum()
    return OrderMetrics(float((gains * discounts).sum() / ideal), 1 / (int(gains.argmax()) + 1))


def random_metrics(clicked: Sequence[bool], *, seed: int) -> OrderMetrics:
    """The mean of random orders."""
    rng = np.random.default_rng(seed)
    drawn = [order_metrics(rng.permutation(np.asarray(clicked)).tolist()) for _ in range(SHUFFLES)]
    return OrderMetrics(*(float(value) for value in np.mean(drawn, axis=0)))


def by_score(scores: Sequence[float], *, seed: int) -> list[int]:
    """Places of the images, best first; ties are broken at random, not by the logged order."""
    ties = np.random.default_rng(seed).random(len(scores))
    return [int(place) for place in np.lexsort((ties, -np.asarray(scores, np.float64)))]
