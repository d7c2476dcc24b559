"""Find the words that the references of one side share, with classes learned over all users.

A user's liked references look alike in what the user likes, and disliked ones in what is disliked.
A mixture model explains each side by one word: an image shows the word of its side with a fixed
probability, and any word otherwise. What an image shows is a multinomial regression on its image
vector, which starts at the champion's readings. Expectation maximization fits both in turns, so
that a style which the champion reads as many words becomes one.

An element is changed only where the fitted classes predict left-out images of *other* users clearly
better than the champion's readings do (`accepted_words`): what the champion reads well stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from shared.domain.taste import ELEMENTS, Element
from training.job.examples.hindsight.readings import DOUBT, Readings

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
SHARED: Final = 0.8
"""Probability that a reference shows the word of its side; otherwise it shows any word."""
COMPONENTS: Final = 16
"""Principal components of the image vectors: with more, a few hundred references are memorized."""
LEAST_SHARE: Final = 0.03
"""Mean probability of a word below which it is left out: rare readings would split classes."""
TURNS: Final = 20
REGRESSION_STEPS: Final = 30
LIMIT: Final = 1e3
"""Largest ratio of an image's probability of a word to its mean, and smallest as its inverse."""
FOLDS: Final = 4
LEAST_SIDES: Final = 60
"""Sides of users with fewer of which nothing is fitted: thirty users."""
LEAST_Z: Final = 4.0
"""Standard errors that the gain on other users must reach."""


@dataclass(frozen=True)
class Strength:
    """How far the fit may move from the champion's readings."""

    trust: float
    """Share 0-1 of the log-probabilities of the readings that stays in the regression."""
    ridge: float


STRENGTHS: Final = (Strength(0.3, 20.0), Strength(1.0, 60.0))
"""Tried for each element; chosen and measured on users that no reported figure is from."""


@dataclass(frozen=True)
class SharedWords:
    """The words of one element: of images, and of the sides of users."""

    images: Floats
    """Probabilities of the words of each image. (images, words + 1)"""
    sides: Floats
    """Probabilities of the word that each side shares. (sides, words + 1)"""
    gain: float
    """Mean gain in the log-likelihood of a left-out image of other users."""
    z: float
    """This gain in standard errors."""


def accepted_words(
    readings: Readings, vectors: Floats, sides: Sequence[Ints], users: Ints
) -> dict[Element, SharedWords]:
    """By element what is clearly better than the readings; empty where nothing is.

    `vectors` are image vectors (images, d), `sides` the numbers of the images of each side, and
    `users` the user of each side. (sides,)
    """
    if len(sides) < LEAST_SIDES:
        return {}
    features = principal_components(vectors)
    accepted = {}
    for element in ELEMENTS:
        tried = [
            (_gain(readings.words[element], features, sides, users, strength), strength)
            for strength in STRENGTHS
        ]
        (gain, z), strength = max(tried, key=lambda entry: entry[0][0])
        if z < LEAST_Z:
            continue
        words, kept = _usual_words(readings.words[element])
        fitted = _fit(words, features, sides, strength)
        size = readings.words[element].shape[1]
        accepted[element] = SharedWords(
            _spread(fitted, kept, size), _spread(_sides(fitted, sides), kept, size), gain, z
        )
    return accepted


def principal_components(vectors: Floats, count: int = COMPONENTS) -> Floats:
    """Standardized components of the vectors and a constant. (images, at most count + 1)"""
    centered = vectors - vectors.mean(axis=0)
    left, scale, _ = np.linalg.svd(centered, full_matrices=False)
    used = min(count, int((scale > 1e-9).sum()))
    return np.column_stack([left[:, :used] * np.sqrt(len(vectors)), np.ones(len(vectors))])


def side_words(words: Floats, sides: Sequence[Ints]) -> Floats:
    """Probabilities of the word that each side shares, for given words of images."""
    return _sides((1 - DOUBT) * words + DOUBT * words.mean(axis=0), sides)


def _gain(
    words: Floats, features: Floats, sides: Sequence[Ints], users: Ints, strength: Strength
) -> tuple[float, float]:
    """Gain in the log-likelihood of left-out images on users outside the fit, and its z."""
    start, _ = _usual_words(words)
    codes = np.unique(users, return_inverse=True)[1]
    gains = np.zeros(len(sides))
    for fold in range(FOLDS):
        inside = [side for side, code in zip(sides, codes, strict=True) if code % FOLDS != fold]
        outside = np.flatnonzero(codes % FOLDS == fold)
        fitted = _fit(start, features, inside, strength)
        judged = [sides[int(number)] for number in outside]
        gains[outside] = _left_out(fitted, judged) - _left_out(start, judged)
    by_user = np.bincount(codes, gains) / np.bincount(codes)
    error = float(by_user.std(ddof=1) / np.sqrt(len(by_user)))
    mean = float(by_user.mean())
    return mean, mean / max(error, 1e-9)


def _usual_words(words: Floats) -> tuple[Floats, Ints]:
    """The readings of words that are not rare, each with some doubt, and their places."""
    is_kept = words.mean(axis=0) >= LEAST_SHARE
    is_kept[-1] = False  # of an image that shows no known word, a word is still found
    if not is_kept.any():
        is_kept[:-1] = True
    kept = np.flatnonzero(is_kept)
    usual = words[:, kept] + 1e-9
    usual = usual / usual.sum(axis=1, keepdims=True)
    return np.asarray((1 - DOUBT) * usual + DOUBT * usual.mean(axis=0)), kept


def _fit(words: Floats, features: Floats, sides: Sequence[Ints], strength: Strength) -> Floats:
    """Words of all images by expectation maximization on these sides. (images, words)"""
    offset = strength.trust * np.log(words)
    shown = np.concatenate(list(sides))
    map_ = np.zeros((features.shape[1], words.shape[1]))
    for _ in range(TURNS):
        mean = words.mean(axis=0)
        ratio = np.clip(words / mean, 1 / LIMIT, LIMIT)
        target = words.copy()
        for side, of_side in zip(sides, _sides(words, sides), strict=True):
            match = SHARED * ratio[side]
            of_image = of_side * match / (match + 1 - SHARED)
            target[side] = of_image + (1 - of_image.sum(axis=1, keepdims=True)) * words[side]
        map_ = _regression(features[shown], offset[shown], target[shown], strength.ridge, map_)
        words = _softmax(offset + features @ map_)
    return words


def _sides(words: Floats, sides: Sequence[Ints]) -> Floats:
    mean = words.mean(axis=0)
    logs = np.log(SHARED * np.clip(words / mean, 1 / LIMIT, LIMIT) + 1 - SHARED)
    return _softmax(np.stack([logs[side].sum(axis=0) for side in sides]) + np.log(mean))


def _left_out(words: Floats, sides: Sequence[Ints]) -> Floats:
    """Mean log-likelihood ratio of each image of a side, given its other images. (sides,)"""
    mean = words.mean(axis=0)
    ratio = SHARED * np.clip(words / mean, 1 / LIMIT, LIMIT) + 1 - SHARED
    values = []
    for side in sides:
        logs = np.log(ratio[side])
        others = _softmax(logs.sum(axis=0) - logs + np.log(mean))
        values.append(float(np.log((others * ratio[side]).sum(axis=1)).mean()))
    return np.array(values)


def _regression(
    features: Floats, offset: Floats, target: Floats, ridge: float, start: Floats
) -> Floats:
    def loss(flat: Floats) -> tuple[float, Floats]:
        map_ = flat.reshape(start.shape)
        predicted = _softmax(offset + features @ map_)
        value = -(target * np.log(np.maximum(predicted, 1e-12))).sum() + ridge / 2 * (flat @ flat)
        gradient = features.T @ (predicted - target) + ridge * map_
        return float(value), gradient.ravel()

    options = {"maxiter": REGRESSION_STEPS}
    result = minimize(loss, start.ravel(), jac=True, method="L-BFGS-B", options=options)
    return np.asarray(result.x, np.float64).reshape(start.shape)


def _spread(words: Floats, kept: Ints, size: int) -> Floats:
    """The kept words at their places among all words. (n, size)"""
    whole = np.zeros((len(words), size))
    whole[:, kept] = words
    return whole


def _softmax(logits: Floats) -> Floats:
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))
