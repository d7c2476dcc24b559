"""Move the share of the subject by what a user chose and passed over in feeds.

A user clicks among the images that the ranking showed first. When the ranking follows the subject,
all images that it shows have that subject, also for a user who chooses by the look. Clicks can then
not be compared with stated dislikes: the share of the subject would confirm itself. Among the
images that the user saw, chosen and passed over, the comparison is fair (`training/LOG.md`,
2026-12-01).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from shared.domain.weights.weight_estimation import NEUTRAL, Floats, Mask

SLOPE: Final = 1.0
"""Slope of the log odds of a choice in the total, 0-5: that of 160 simulated users was .8 to .9,
and a slightly larger one changes little."""
DEVIATION: Final = 1.0
"""How far the share's log odds may be from the start: at this distance the prior density of the
share is .6 of its largest value. A few stated images tell the share only roughly."""
BY_CHANCE: Final = 0.03
"""Probability of a choice that contradicts any total: one wrong click decides nothing."""
LEAST_SHARE: Final = 0.02
SHARES: Final = np.linspace(LEAST_SHARE, 1 - LEAST_SHARE, 25)
"""Shares whose likelihoods are compared. (25,)"""
STEPS: Final = 8
"""Of Newton's method for the one intercept of each share."""


@dataclass(frozen=True)
class ShownImages:
    """Images that feeds showed to a user, with two scores of each, 0-5."""

    look: Floats
    """By the words of the five elements. (images,)"""
    subject: Floats
    """By the similarity to the references. (images,)"""
    is_chosen: Mask
    """Whether the user liked the image, or passed it over. (images,)"""

    @property
    def can_tell(self) -> bool:
        """Whether there are images of both kinds."""
        return bool(self.is_chosen.any() and not self.is_chosen.all())


def share_by_choices(start: float, shown: ShownImages) -> float:
    """The share of the subject, 0-1: the mean of its posterior, from `start` and the choices.

    The log odds of a choice are those of the total with this share, and an intercept that fits the
    number of choices. Choices of both kinds whose scores tell nothing give the mean of the prior,
    which is nearer to the middle than `start`: .30 for .2, .88 for .95. Choices of one kind leave
    `start`.
    """
    if not shown.can_tell:
        return start
    log_odds = np.log(SHARES / (1 - SHARES))
    limited = float(np.clip(start, LEAST_SHARE, 1 - LEAST_SHARE))
    prior = -((log_odds - np.log(limited / (1 - limited))) ** 2) / (2 * DEVIATION**2)
    look, subject = shown.look - NEUTRAL, shown.subject - NEUTRAL
    totals = SLOPE * (np.outer(1 - SHARES, look) + np.outer(SHARES, subject))
    posterior = prior + _log_likelihoods(totals, shown.is_chosen.astype(np.float64))
    weights = np.exp(posterior - posterior.max())
    return float(weights @ SHARES / weights.sum())


def _log_likelihoods(totals: Floats, chosen: Floats) -> Floats:
    """The log likelihood of the choices under each row of totals, (shares, images) -> (shares,)."""
    share = chosen.mean()
    intercepts = np.log(share / (1 - share)) - totals.mean(axis=1)
    for _ in range(STEPS):
        probability = _logistic(totals + intercepts[:, None])
        curvature = np.maximum((probability * (1 - probability)).sum(axis=1), 1e-6)
        step = (chosen - probability).sum(axis=1) / curvature
        intercepts = intercepts + np.clip(step, -2, 2)
    probability = _logistic(totals + intercepts[:, None])
    probability = BY_CHANCE + (1 - 2 * BY_CHANCE) * probability
    return np.asarray(
        (chosen * np.log(probability) + (1 - chosen) * np.log(1 - probability)).sum(axis=1)
    )


def _logistic(log_odds: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-log_odds)))
