"""Measure how much each person gains from a challenger, by smooth answers with capped influence.

A right answer counts 1 and a wrong one 0, however close the totals are: most of the spread between
people is such chance. A smooth answer is the logistic function of the margin, so that an image that
moves from just behind to just ahead changes it little. The margin is divided by the model's own
median margin: a model that only writes more extreme digits gains nothing.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from training.gate.evidence import PairSet
from training.gate.nights.end_to_end import CHALLENGER, CHAMPION, TIE, PredictedPairs
from training.gate.nights.user_weights import sum_by_user
from training.gate.rules import Rules

Floats = npt.NDArray[np.float64]
SHARPNESS: Final = 2.0
"""A margin as large as the median one counts 0.88 of a right answer. Measured on simulated nights
(decision 0151): the ratio of a gain to its standard error is 1.2 to 1.35 times that of right
answers, and has a flat maximum between 1 and 2."""


def right_answers(pairs: PredictedPairs, arm: str) -> PairSet:
    """The right answers of one arm as the challenger's, beside those of the champion."""
    return PairSet(pairs.users, pairs.weights, pairs.right(CHAMPION), pairs.right(arm))


def smooth_answers(pairs: PredictedPairs, arm: str) -> Floats:
    """0-1 for each pair; 0.5 for a tie, and for all pairs of an arm that cannot tell images
    apart."""
    margin = np.where(np.abs(pairs.margins[arm]) < TIE, 0.0, pairs.margins[arm])
    sizes = np.abs(margin[margin != 0])
    if not sizes.size:
        return np.full(pairs.pairs, 0.5)
    z = SHARPNESS * margin / np.median(sizes)
    return np.asarray(1 / (1 + np.exp(-np.clip(z, -40, 40))))


def user_gains(pairs: PredictedPairs, rules: Rules, *, arm: str = CHALLENGER) -> Floats:
    """Each person's gain over the champion in mean weights of a person, capped. (people,)

    Their mean is the gain over all pairs. The weights of pairs and people are capped as in
    `sum_by_user`, and one person's gain or loss counts `max_change_per_user` at most.
    """
    if not pairs.pairs or not pairs.weights.sum():
        return np.empty(0)
    users = sum_by_user(
        PairSet(
            pairs.users, pairs.weights, smooth_answers(pairs, CHAMPION), smooth_answers(pairs, arm)
        ),
        rules,
    )
    counted = users.weights > 0
    gains = users.sums["difference"][counted] / users.weights[counted].mean()
    return np.asarray(np.clip(gains, -rules.max_change_per_user, rules.max_change_per_user))
