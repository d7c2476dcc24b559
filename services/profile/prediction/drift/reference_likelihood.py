"""The likelihood of references as choices among shown images (a conditional logit).

A reference was chosen among the images that the user could choose from: the probability of an image
is in proportion to exp(a * u), where u is its utility by the words of the taste, and a is the
evidence of the action, negative for a dislike (McFadden 1974, Conditional logit analysis of
qualitative choice behavior). The utility is a sum over the elements. One element is compared at a
time; the others count with their expected utility, so that a word gains nothing from the words
that it is shown with.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from services.profile.prediction.base_rates import BaseRates
from services.profile.prediction.drift.word_hypotheses import Floats, WordHypotheses

STRENGTHS: Final = np.array([0.0, 0.5, 1.0, 2.0])
"""How much an element may count for a user, all equally likely: with 1, a liked word is chosen four
times as often as by chance in likes. With 0 the user does not choose by this element."""
STRENGTHS_PRIOR: Final = -np.log(len(STRENGTHS))
MAX_EXPONENT: Final = 30.0


class Choices:
    """The references from each start on, and the images that they were chosen from."""

    def __init__(self, from_start: Floats, log_ratio: Floats, base_rates: BaseRates) -> None:
        self.ratios, kinds = np.unique(log_ratio, return_inverse=True)
        self._kinds = np.eye(len(self.ratios))[kinds]  # (references, ratios)
        self._log_ratio = log_ratio
        self._from_start = from_start  # (starts, references)
        self._image_weights = np.array(base_rates.image_weights)

    def log_likelihoods(self, element: WordHypotheses, others: Floats | None) -> Floats:
        """(strengths, starts, hypotheses); a reference without a compared word counts nothing.

        `others` is the expected utility of the shown images by the other elements,
        (starts, images); None leaves it out.
        """
        counted = self._from_start * element.shows.any(axis=1)
        counts = counted @ self._kinds  # (starts, ratios)
        evidence = self._from_start @ (self._log_ratio[:, None] * element.shows)  # (starts, words)
        rates = self._rates(element, others)  # (starts, ratios, words)
        liked, disliked = rates @ element.liked.T, rates @ element.disliked.T
        normalizer = np.zeros((len(STRENGTHS), len(counts), len(element.liked)))
        for number, strength in enumerate(STRENGTHS):
            exponents = strength * self.ratios[:, None]
            excess = np.expm1(exponents) * liked + np.expm1(-exponents) * disliked
            # excess: (starts, ratios, hypotheses)
            normalizer[number] = (counts[:, None] @ np.log1p(excess))[:, 0]
        return np.asarray(STRENGTHS[:, None, None] * (evidence @ element.direction.T) - normalizer)

    def _rates(self, element: WordHypotheses, others: Floats | None) -> Floats:
        """How often each word is chosen for the other elements alone, with add-one smoothing.

        Shape (starts, ratios, words). The images count more, the more their other elements please.
        """
        weights = self._image_weights * element.shown.any(axis=1)  # (images,)
        total = weights.sum()
        tilted = np.broadcast_to(weights, (len(self._from_start), len(self.ratios), len(weights)))
        if others is not None and total > 0:
            exponents = np.clip(
                self.ratios[:, None] * others[:, None, :], -MAX_EXPONENT, MAX_EXPONENT
            )
            tilted = np.exp(exponents) * weights
            tilted = tilted * (total / tilted.sum(axis=2, keepdims=True))
        return np.asarray((tilted @ element.shown + 1) / (total + len(element.words)))


def expected_utilities(
    elements: Sequence[WordHypotheses], likelihoods: Sequence[Floats]
) -> list[Floats]:
    """The expected utility of each word from each start on, for each element. (starts, words)

    A change of the element is as likely as none, and all strengths are equally likely.
    """
    return [
        _expected_utility(element, of_element)
        for element, of_element in zip(elements, likelihoods, strict=True)
    ]


def _expected_utility(element: WordHypotheses, likelihoods: Floats) -> Floats:
    posterior = likelihoods.copy()
    posterior[:, :, :-1] += element.log_prior
    posterior -= np.logaddexp.reduce(np.logaddexp.reduce(posterior, axis=2), axis=0)[:, None]
    strength = np.einsum("k,ksh->sh", STRENGTHS, np.exp(posterior))
    return np.asarray(strength @ element.direction)
