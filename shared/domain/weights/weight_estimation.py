"""Estimate what a user goes by from scored images that the user liked and did not like.

Two questions are answered one after the other, because their answers vary differently. Which share
has the subject? Some users go by it alone and others not at all: the share follows from what
separates the user's images better. How much does each element count within the look? Users differ
little from their population: a logistic regression starts at the population's weights (a ridge
towards them), so that thin evidence leaves them as they are.
"""

from dataclasses import dataclass
from math import exp, log
from typing import Final

import numpy as np
import numpy.typing as npt

from shared.domain.element_weights import SUM, ElementWeights
from shared.domain.taste import ELEMENTS

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
NEUTRAL: Final = 2.5

PRIOR_SUBJECT: Final = 0.4
"""Share of the subject without evidence. With one like it ranks real pictures nearly as well as the
subject alone, and drawings that differ in look only nearly as well as the look alone."""
PRIOR_REFERENCES: Final = 4.0
"""References of a side with which that share counts: five of each side outweigh it."""
PRIOR_REFERENCES_ONE_SIDED: Final = 20.0
"""The same for a user who has only likes or only dislikes, which are compared with other images:
two or three of them say little about what separates them from the rest."""
STEEPNESS: Final = 2.0
"""How fast the share grows with the difference of the separations."""
NEEDED_DIFFERENCE: Final = 1.0
"""Difference from which the subject weighs more than the look, where all elements have words: words
guide users who choose by them better than vectors. Style and medium of most real pictures have no
words: where only three of five elements have them, the needed difference is .6 ** 4, an eighth."""
MAX_SEPARATION: Final = 6.0
"""A separation beyond it is complete: whether 8 or 80 deviations lie between, no image is mixed."""
MAX_EXPONENT: Final = 50.0

PRECISION: Final = 30.0
"""Precision of the prior of an element's coefficient, where all weigh the same. It is divided by
the element's share, as in a Dirichlet distribution: an element that hardly counts for the
population hardly counts for its users."""
SLOPE: Final = 1.5
"""Slope of the log odds of a like in the weighted mean of the digits, in the prior."""
MIN_PRIOR_SHARE: Final = 0.02
"""Least share of an element in the prior, so that every element can be learned."""
INTERCEPT_PRECISION: Final = 0.01
MAX_STEPS: Final = 30
TOLERANCE: Final = 1e-5


@dataclass(frozen=True)
class Separations:
    """How far apart a user's images are, in standard deviations (d'), by subject and by look."""

    subject: float
    look: float
    references: int
    """References of the smaller side; of the only side where `one_sided`."""
    one_sided: bool = False
    """Whether other images stand for a side without references."""
    known_look: float = 1.0
    """The share of the elements for which the references have words, 0-1."""


@dataclass(frozen=True)
class ScoredImages:
    """Images with their element scores, (images, 5), 0-5, and whether the user liked them."""

    elements: Floats
    is_liked: Mask
    evidence: Floats
    """Weight of each image in the likelihood. (images,)"""


def subject_share(separations: Separations | None) -> float:
    """The share of the subject, 0-1; None: nothing separates the images."""
    prior = log(PRIOR_SUBJECT / (1 - PRIOR_SUBJECT))
    if separations is None:
        return PRIOR_SUBJECT
    weak = PRIOR_REFERENCES_ONE_SIDED if separations.one_sided else PRIOR_REFERENCES
    known = separations.references / (separations.references + weak)
    needed = NEEDED_DIFFERENCE * separations.known_look**4
    difference = _limited(separations.subject) - _limited(separations.look) - needed
    exponent = known * STEEPNESS * difference + (1 - known) * prior
    # The encoder's vectors hold the look as well, and a few references that the words separate by
    # chance must not silence them: the share falls no faster than the evidence grows.
    least = (1 - known) * PRIOR_SUBJECT
    return max(least, 1 / (1 + exp(-max(-MAX_EXPONENT, min(MAX_EXPONENT, exponent)))))


def own_element_weights(images: ScoredImages, population: ElementWeights) -> ElementWeights:
    """The user's weights of the elements: the posterior mode, starting at the population's.

    The population's weights stay where all images are on one side.
    """
    liked = images.evidence[images.is_liked].sum()
    if not 0 < liked < images.evidence.sum():
        return population
    shares = np.maximum(np.array(population.in_order) / SUM, MIN_PRIOR_SHARE)
    coefficients = _posterior_mode(
        images.elements - NEUTRAL,
        images.is_liked.astype(np.float64),
        images.evidence,
        mean=SLOPE * shares,
        precision=PRECISION / len(ELEMENTS) / shares,
    )
    own = np.maximum(coefficients, 0.0)
    if not own.sum() > 0:
        return population
    weights = dict(zip(ELEMENTS, (own / own.sum() * SUM).round(4), strict=True))
    return ElementWeights.model_validate({e.value: float(w) for e, w in weights.items()})


def _limited(separation: float) -> float:
    return max(-MAX_SEPARATION, min(MAX_SEPARATION, separation))


def _posterior_mode(
    features: Floats, labels: Floats, evidence: Floats, *, mean: Floats, precision: Floats
) -> Floats:
    """Logistic regression with a normal prior and an intercept, by Newton's method. (features,)"""
    rows = np.column_stack([features, np.ones(len(features))])
    center = np.append(mean, 0.0)
    prior = np.append(precision, INTERCEPT_PRECISION)
    estimate = center
    for _ in range(MAX_STEPS):
        probability = 1 / (1 + np.exp(-np.clip(rows @ estimate, -MAX_EXPONENT, MAX_EXPONENT)))
        gradient = rows.T @ (evidence * (probability - labels)) + prior * (estimate - center)
        curvature = evidence * probability * (1 - probability)
        hessian = (rows * curvature[:, None]).T @ rows + np.diag(prior)
        step = np.linalg.solve(hessian, gradient)
        estimate = estimate - step
        if np.abs(step).max() < TOLERANCE:
            break
    return np.asarray(estimate[:-1])
