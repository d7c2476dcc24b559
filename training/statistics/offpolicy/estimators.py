"""Estimate the value of a policy from another one's decisions: IPS, SNIPS, DM, DR, SNDR.

Each estimator is a sum of ratios of sums, so that an interval needs the sums of each cluster only.

- IPS (Horvitz and Thompson 1952): mean of w r.
- SNIPS (Swaminathan and Joachims 2015, section 4): sum of w r over sum of w; a little biased, and
  far less variable where the weights vary.
- DM: mean prediction for the target policy; as wrong as its model.
- DR (Dudik et al. 2011, equation 2): DM plus the weighted error of the model; right when the
  propensities or the model are.
- SNDR (Thomas and Brunskill 2016): DR with the weights of the correction normalized.
"""

from collections.abc import Callable, Mapping
from typing import Final, Literal

import numpy as np

from training.statistics.interval import TAIL, Interval
from training.statistics.offpolicy.cluster_jackknife import jackknife
from training.statistics.offpolicy.decisions import Decisions, Floats

Estimator = Literal["logged", "ips", "snips", "dm", "dr", "sndr"]
NEED_A_MODEL: Final[frozenset[Estimator]] = frozenset({"dm", "dr", "sndr"})


def estimate(
    decisions: Decisions,
    estimator: Estimator,
    *,
    most_weight: float | None = None,
    tail: float = TAIL,
) -> Interval:
    """The value of the target policy with its interval over clusters.

    `logged` is the value of the logging policy itself. Raises `ValueError` where the estimator
    needs predictions that are missing, or where no decision has a weight.
    """
    ratios = _ratios(decisions, estimator, most_weight)
    return jackknife(_columns(ratios), decisions.clusters, _sum_of_ratios, tail=tail)


def gain(
    decisions: Decisions,
    estimator: Estimator,
    *,
    most_weight: float | None = None,
    tail: float = TAIL,
) -> Interval:
    """The value of the target policy minus that of the logging policy, on the same decisions."""
    ratios = _ratios(decisions, estimator, most_weight)
    rewards = (-decisions.rewards, np.ones_like(decisions.rewards))
    return jackknife(_columns((*ratios, rewards)), decisions.clusters, _sum_of_ratios, tail=tail)


Ratio = tuple[Floats, Floats]
"""Numerators and denominators of the decisions, (n,) each."""


def _ratios(
    decisions: Decisions, estimator: Estimator, most_weight: float | None
) -> tuple[Ratio, ...]:
    one = np.ones_like(decisions.rewards)
    weights = decisions.weights(most=most_weight)
    if estimator not in ("logged", "dm") and not weights.any():
        raise ValueError("the target policy chooses none of the logged actions")
    predicted, expected = decisions.predicted, decisions.predicted_target
    if predicted is None or expected is None:
        if estimator in NEED_A_MODEL:
            raise ValueError(f"{estimator} needs the predictions of a reward model")
        predicted = expected = np.zeros_like(decisions.rewards)
    errors = weights * (decisions.rewards - predicted)
    forms: Mapping[Estimator, Callable[[], tuple[Ratio, ...]]] = {
        "logged": lambda: ((decisions.rewards, one),),
        "ips": lambda: ((weights * decisions.rewards, one),),
        "snips": lambda: ((weights * decisions.rewards, weights),),
        "dm": lambda: ((expected, one),),
        "dr": lambda: ((expected + errors, one),),
        "sndr": lambda: ((expected, one), (errors, weights)),
    }
    return forms[estimator]()


def _columns(ratios: tuple[Ratio, ...]) -> Floats:
    return np.stack([column for ratio in ratios for column in ratio], axis=1)


def _sum_of_ratios(sums: Floats) -> Floats:
    """(..., 2 k) -> (...); a denominator of 0 makes its ratio 0."""
    tops, bottoms = sums[..., 0::2], sums[..., 1::2]
    safe = np.where(bottoms == 0, 1.0, bottoms)
    return np.asarray(np.where(bottoms == 0, 0.0, tops / safe).sum(axis=-1), np.float64)
