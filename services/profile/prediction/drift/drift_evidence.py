"""Weigh a drift against no drift, for all elements and all strengths of the elements together."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np

from services.profile.prediction.drift.reference_likelihood import STRENGTHS
from services.profile.prediction.drift.word_hypotheses import Floats, WordHypotheses

MIN_MEAN_STRENGTH: Final = 0.6
"""Least mean strength of the elements of a user who chooses by the look."""
INDIFFERENT_PRIOR: Final = 0.003
"""Prior probability that a user does not choose by the look: the strengths are lower. Without a
drift, some stated word must separate liked from other images; which one is unknown."""
DRIFT_SHARES: Final = (0.5, 1.0)
"""Share of the elements that a drift changes, both equally likely: half of them, or all."""


@dataclass(frozen=True)
class DriftEvidence:
    """The evidence for a drift from each start on, and for a change of each element."""

    log_bayes_factor: Floats
    """Of a drift against none. (starts,)"""
    log_posterior: Floats
    """Of a drift from each start, for each share and strengths. (shares, strengths^e, starts)"""
    log_odds: Floats
    """Of a change of an element within a drift. (shares, elements, strengths, starts)"""
    combinations: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
    """Indices of the strengths of all elements. (strengths^e, elements)"""

    def change_of(self, element: int, start: int) -> Floats:
        """Probability of a change of the element with each strength, given a drift. (strengths,)"""
        log_posterior = self.log_posterior[:, :, start]
        posterior = np.exp(log_posterior - np.logaddexp.reduce(log_posterior, axis=None))
        strengths = self.combinations[:, element]
        changed = posterior * _logistic(self.log_odds[:, element, :, start])[:, strengths]
        return np.array([changed[:, strengths == n].sum() for n in range(len(STRENGTHS))])


def drift_evidence(
    elements: Sequence[WordHypotheses], likelihoods: Sequence[Floats]
) -> DriftEvidence:
    """Compare all elements together; `likelihoods` are (strengths, starts, hypotheses) of each.

    The strengths of the elements are unknown, and the mean over all combinations counts. So a
    stated word that separates nothing belongs to an element that hardly counts, while other stated
    words separate. Where none does, the taste has changed, or the user does not choose by the look.
    """
    changed = np.array(
        [
            np.logaddexp.reduce(of_element[:, :, :-1] + element.log_prior, axis=2)
            for element, of_element in zip(elements, likelihoods, strict=True)
        ]
    )  # (elements, strengths, starts)
    unchanged = np.array([of_element[:, :, -1] for of_element in likelihoods])
    chosen, log_prior = _strengths(len(elements))

    def log_joint(by_element: Floats) -> Floats:
        """Of each combination of strengths. (combinations, starts)"""
        rows = range(len(elements))
        return np.asarray(log_prior[:, None] + sum(by_element[e, chosen[:, e]] for e in rows))

    with np.errstate(divide="ignore"):  # log(0) where a drift changes all elements
        shares = [(np.log(share), np.log(1 - share)) for share in DRIFT_SHARES]
    drifted = np.array(
        [log_joint(np.logaddexp(drift + changed, stay + unchanged)) for drift, stay in shares]
    ) - np.log(len(DRIFT_SHARES))
    none = np.logaddexp.reduce(log_joint(unchanged), axis=0)
    return DriftEvidence(
        np.logaddexp.reduce(drifted, axis=(0, 1)) - none,
        drifted,
        np.array([drift - stay + changed - unchanged for drift, stay in shares]),
        chosen,
    )


def _strengths(elements: int) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.int64]], Floats]:
    """All combinations of strengths, (combinations, elements), and their log prior."""
    chosen = np.array(list(product(range(len(STRENGTHS)), repeat=elements)))
    is_weak = STRENGTHS[chosen].mean(axis=1) < MIN_MEAN_STRENGTH
    shares = np.where(is_weak, INDIFFERENT_PRIOR, 1 - INDIFFERENT_PRIOR)
    counts = np.where(is_weak, is_weak.sum(), (~is_weak).sum())
    return chosen, np.log(shares / counts)


def _logistic(log_odds: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(log_odds, -50, 50))))
