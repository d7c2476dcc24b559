"""Explain image vectors by the words of several elements together: a factorial mixture model.

The vector of an image is the sum of one mean for each of its words and normal noise with one
covariance, as in factor analysis with discrete factors (Ghahramani 1995, "Factorial learning and
the EM algorithm"). The words of an image also depend on the champion's reading, through a
learned table of confusions, and on the other references of its side. Because the means of all
elements add up, what a style explains of a vector is not explained by a medium once more.
Variational expectation maximization fits it, with independent words in each image.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from training.job.examples.hindsight.multinomial import softmax
from training.job.examples.hindsight.shared_words.sides import Floats, Sides, ratio_to_mean

TURNS: Final = 40
SHRINKAGE: Final = 0.1
"""Of the covariance of the noise to its diagonal."""
MEAN_RIDGE: Final = 2.0
"""Images at the mean of all with which the mean of a word starts."""
CONFUSION_PRIOR: Final = 2.0
"""Images with which each row of the table of confusions starts: half of them are read rightly."""
KNOWN_RIDGE: Final = 1.0


@dataclass(frozen=True)
class FactorWords:
    """The words of one element."""

    alone: Floats
    """By image, from its own vector and reading. (images, words)"""
    images: Floats
    """The same with what the other references of a side say. (images, words)"""
    sides: Floats
    """Probabilities of the word that each side shares. (sides, words)"""


@dataclass(frozen=True)
class _Parameters:
    means: tuple[Floats, ...]
    """Of each element. (words, d)"""
    precision: Floats
    """Of the noise. (d, d)"""
    confusions: tuple[Floats, ...]
    """Probability of each reading by the word that is shown. (words, words)"""
    priors: tuple[Floats, ...]
    """Probability of each word. (words,)"""


def without(features: Floats, known: Sequence[Floats]) -> Floats:
    """The features less what known words explain of them. (images, d)"""
    rows = np.column_stack([*known, np.ones(len(features))])
    ridge = KNOWN_RIDGE * np.eye(rows.shape[1])
    return np.asarray(features - rows @ np.linalg.solve(rows.T @ rows + ridge, rows.T @ features))


def fit_factors(
    readings: Sequence[Floats], start: Sequence[Floats], features: Floats, sides: Sides,
    *, turns: int = TURNS,
) -> list[FactorWords]:  # fmt: skip
    """The words of some elements, from the champion's readings and a start. (images, words) each

    `features` (images, d) have no constant column.
    """
    words, own = list(start), list(start)
    for _ in range(turns):
        parameters = _parameters(words, readings, features)
        for k, reading in enumerate(readings):
            logs = _alone(k, words, parameters, reading, features)
            own[k], prior = softmax(logs), parameters.priors[k]
            np.add.at(logs, sides.images, sides.messages(ratio_to_mean(own[k], prior), prior))
            words[k] = softmax(logs)
    return [
        FactorWords(alone, of_images, sides.words(ratio_to_mean(alone, prior), prior))
        for alone, of_images, prior in zip(own, words, parameters.priors, strict=True)
    ]


def _parameters(
    words: Sequence[Floats], readings: Sequence[Floats], features: Floats
) -> _Parameters:
    """The most likely parameters, given the words of all images."""
    images = len(features)
    sizes = [rows.shape[1] for rows in words]
    ends = np.cumsum(sizes)
    shown = np.column_stack(list(words))
    products = shown.T @ shown
    for rows, end, size in zip(words, ends, sizes, strict=True):
        # An image shows one word of an element, so that two words never meet.
        products[end - size : end, end - size : end] = np.diag(rows.sum(axis=0))
    stacked = np.linalg.solve(products + MEAN_RIDGE * np.eye(len(products)), shown.T @ features)
    means = np.split(stacked, ends[:-1])
    rest = features - shown @ stacked
    covariance = rest.T @ rest / images
    for rows, of_words in zip(words, means, strict=True):
        expected = rows @ of_words
        covariance += ((of_words.T * rows.sum(axis=0)) @ of_words - expected.T @ expected) / images
    covariance = (1 - SHRINKAGE) * covariance + SHRINKAGE * np.diag(np.diag(covariance))
    return _Parameters(
        tuple(means),
        np.linalg.inv(covariance + 1e-9 * np.eye(len(covariance))),
        tuple(map(_confusions, words, readings)),
        tuple((rows.sum(axis=0) + 1) / (images + rows.shape[1]) for rows in words),
    )


def _confusions(words: Floats, readings: Floats) -> Floats:
    size = words.shape[1]
    start = CONFUSION_PRIOR * (0.5 * np.eye(size) + 0.5 / size)
    counts = words.T @ readings + start
    return np.asarray(counts / counts.sum(axis=1, keepdims=True))


def _alone(
    element: int, words: Sequence[Floats], parameters: _Parameters, reading: Floats,
    features: Floats,
) -> Floats:  # fmt: skip
    """Log-probabilities of the words of one element, given those of the others. (images, words)"""
    others = [
        rows @ means
        for k, (rows, means) in enumerate(zip(words, parameters.means, strict=True))
        if k != element
    ]
    rest = features - np.sum(others, axis=0) if others else features
    weighed = parameters.means[element] @ parameters.precision
    vectors = rest @ weighed.T - 0.5 * (weighed * parameters.means[element]).sum(axis=1)
    read = reading @ np.log(parameters.confusions[element]).T
    return np.asarray(vectors + read + np.log(parameters.priors[element]))
