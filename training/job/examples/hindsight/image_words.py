"""Find the words of each image that explain the choices of all users who saw it.

The champion's readings are the prior. Which words they stand for is learned over all images: a
penalized logistic regression maps readings to words (`learned_prior`), so that an image with few
choices profits from images that the champion reads alike.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from shared.domain.taste import ELEMENTS, Element
from training.job.examples.hindsight.choices import Bools, Choices
from training.job.examples.hindsight.multinomial import fit_multinomial, softmax
from training.job.examples.hindsight.profile_search import log_likelihood
from training.job.examples.hindsight.readings import DOUBT, Readings
from training.job.examples.hindsight.vocabulary import Floats, Profile, Vocabulary

STEP: Final = 0.7
"""Part of the way to the new words in one round: both images of a pair change at once."""
RIDGE: Final = 4.0
"""Pull of the regression to the champion's own reading."""
REGRESSION_STEPS: Final = 40
TEMPER: Final = 0.5
"""Weight of the choices against the prior: profiles are estimates, and pairs of a slate depend on
each other. With 1, right words of the champion were lost (training/LOG.md)."""
MIN_PROBABILITY: Final = 1e-3

Words = dict[Element, Floats]
"""By element the probabilities of the words of each image: (images, words + 1)."""


def digit_tables(vocabulary: Vocabulary, profiles: Sequence[Profile]) -> list[Floats]:
    """For each element the digits that each user gives to each word: (users, words + 1)."""
    return [
        np.stack([vocabulary.digits(e, profile[k]) for profile in profiles])
        for k, e in enumerate(ELEMENTS)
    ]


def log_odds(
    choices: Choices, words: Words, tables: Sequence[Floats], weights: Floats
) -> tuple[Floats, Floats, Floats]:
    """Log-odds (pairs,) of all choices, and the weighted digits (pairs, 5) of both images."""
    better, worse = (
        np.stack(
            [
                (words[e][image] * tables[k][choices.user]).sum(axis=1) * weights[k]
                for k, e in enumerate(ELEMENTS)
            ],
            axis=1,
        )
        for image in (choices.better, choices.worse)
    )
    return (better - worse).sum(axis=1), better, worse


def update_words(
    choices: Choices, mask: Bools, words: Words, prior: Words, tables: Sequence[Floats],
    weights: Floats,
) -> Words:  # fmt: skip
    """The posterior words of every image, one element after another."""
    updated = dict(words)
    pairs = np.flatnonzero(mask)
    user, weight = choices.user[pairs], choices.weight[pairs, None]
    for k, element in enumerate(ELEMENTS):
        z, better, worse = (x[pairs] for x in log_odds(choices, updated, tables, weights))
        shown = tables[k][user] * weights[k]
        support = np.zeros_like(prior[element])
        with_better = z[:, None] + shown - better[:, k, None]
        with_worse = z[:, None] - shown + worse[:, k, None]
        np.add.at(support, choices.better[pairs], weight * log_likelihood(with_better))
        np.add.at(support, choices.worse[pairs], weight * log_likelihood(with_worse))
        posterior = softmax(np.log(np.maximum(prior[element], 1e-9)) + TEMPER * support)
        updated[element] = (1 - STEP) * updated[element] + STEP * posterior
    return updated


def learned_prior(readings: Readings, words: Words, seen: Bools) -> Words:
    """For each image the words of images that the champion reads alike.

    `seen` are the images with choices. Images without a reading keep the uniform prior.
    """
    used = seen & readings.read
    features = _features(readings)
    prior = {}
    for element in ELEMENTS:
        offset = np.log(np.maximum(readings.with_doubt(element), MIN_PROBABILITY))
        if used.sum() < 2:
            prior[element] = readings.with_doubt(element)
            continue
        map_ = fit_multinomial(
            features[used], offset[used], words[element][used],
            ridge=RIDGE, steps=REGRESSION_STEPS,
        )  # fmt: skip
        predicted = softmax(offset + features @ map_)
        mixed = (1 - DOUBT) * predicted + DOUBT / predicted.shape[1]
        prior[element] = np.where(readings.read[:, None], mixed, readings.with_doubt(element))
    return prior


def _features(readings: Readings) -> Floats:
    """Standardized log-probabilities of all words of all elements, and a constant."""
    logs = np.log(
        np.maximum(np.concatenate([readings.words[e] for e in ELEMENTS], axis=1), MIN_PROBABILITY)
    )
    spread = logs.std(axis=0)
    scaled = (logs - logs.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return np.concatenate([scaled, np.ones((len(logs), 1))], axis=1)
