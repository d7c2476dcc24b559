"""Say which word each side of users' references shares, and how well it predicts a left-out one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from training.job.examples.hindsight.multinomial import softmax

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
SHARED: Final = 0.8
"""Probability that a reference shows the word of its side; otherwise it shows any word."""
LIMIT: Final = 1e3
"""Largest ratio of an image's probability of a word to its mean, and smallest as its inverse."""
LEAST_IMPLIED: Final = 0.2
"""Least share of a word's mean probability that other elements leave to it."""
IMPLIED_RIDGE: Final = 5.0


@dataclass(frozen=True)
class Sides:
    """The images of all sides, one side after another."""

    images: Ints
    sizes: Ints

    @staticmethod
    def of(sides: Sequence[Ints]) -> "Sides":
        return Sides(np.concatenate(list(sides)), np.array([len(side) for side in sides]))

    def sums(self, values: Floats) -> Floats:
        """Sums over the images of each side. (sides, words)"""
        return np.add.reduceat(values, np.cumsum(self.sizes) - self.sizes)

    def spread(self, values: Floats) -> Floats:
        """The row of its side for each image. (images of sides, words)"""
        return np.repeat(values, self.sizes, axis=0)

    def logs(self, ratio: Floats) -> Floats:
        """Log-likelihood ratios of each image with each word as that of its side."""
        return np.asarray(np.log(SHARED * ratio[self.images] + 1 - SHARED))

    def words(self, ratio: Floats, prior: Floats) -> Floats:
        """Probabilities of the word that each side shares. (sides, words)"""
        return softmax(self.sums(self.logs(ratio)) + np.log(prior))

    def left_out(self, ratio: Floats, prior: Floats) -> Floats:
        """Mean log-likelihood ratio of each image of a side, given its other images. (sides,)"""
        logs = self.logs(ratio)
        others = self._of_others(logs, prior)
        ratios = np.log((others * np.exp(logs)).sum(axis=1))
        return np.asarray(self.sums(ratios[:, None])[:, 0] / self.sizes)

    def targets(self, words: Floats, ratio: Floats, prior: Floats) -> Floats:
        """The words that each image shows, given those of its side. (images of sides, words)"""
        match = SHARED * ratio[self.images]
        shared = self.spread(self.words(ratio, prior)) * match / (match + 1 - SHARED)
        return np.asarray(shared + (1 - shared.sum(axis=1, keepdims=True)) * words[self.images])

    def messages(self, ratio: Floats, prior: Floats) -> Floats:
        """What the other images of its side say about each image, in nats. (images of sides, words)

        `prior` are the probabilities of the words. (words,)
        """
        others = self._of_others(self.logs(ratio), prior)
        return np.asarray(np.log(SHARED * others / prior + 1 - SHARED))

    def _of_others(self, logs: Floats, prior: Floats) -> Floats:
        """The word of its side for each image, by the other images of the side."""
        return softmax(self.spread(self.sums(logs)) - logs + np.log(prior))


def ratio_to_mean(words: Floats, mean: Floats) -> Floats:
    """Each image's probability of a word to its mean. (images, words)"""
    return np.asarray(np.clip(words / mean, 1 / LIMIT, LIMIT))


def implied(words: Floats, others: Sequence[Floats]) -> Floats:
    """The words of an element that the words of other elements imply, by a linear regression.

    (images, words) each; where a dark color comes with one style, the color implies the style.
    """
    mean = words.mean(axis=0)
    known = np.column_stack([*others, np.ones(len(words))])
    ridge = IMPLIED_RIDGE * np.eye(known.shape[1])
    map_ = np.linalg.solve(known.T @ known + ridge, known.T @ (words - mean))
    rows = np.maximum(mean + known @ map_, LEAST_IMPLIED * mean)
    return np.asarray(rows / rows.sum(axis=1, keepdims=True))
