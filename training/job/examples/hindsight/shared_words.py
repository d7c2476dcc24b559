"""Find the words that the references of one side share, with classes learned over all users.

A user's liked references look alike in what the user likes, and disliked ones in what is disliked.
A mixture model explains each side by one word: an image shows the word of its side with a fixed
probability, and any word otherwise. What an image shows is a multinomial regression on its image
vector, which starts at the champion's readings. Expectation maximization fits both in turns, so
that a style which the champion reads as many words becomes one.

An element is changed only where the fitted classes predict left-out images of *other* users clearly
better than the champion's readings do (`accepted_words`): what the champion reads well stays. The
readings may be doubted as much as predicts best, so that doubt alone is no gain; and what the words
of another element imply is no gain, so that colors do not become names of styles.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.linalg import eigh

from shared.domain.taste import ELEMENTS, Element
from training.job.examples.hindsight.multinomial import fit_multinomial, softmax
from training.job.examples.hindsight.readings import DOUBT, Readings
from training.job.scoring.deadline import IsLate

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
SHARED: Final = 0.8
"""Probability that a reference shows the word of its side; otherwise it shows any word."""
COMPONENTS: Final = 16
"""Principal components of the image vectors: with more, a few hundred references are memorized."""
LEAST_SHARE: Final = 0.03
"""Mean probability of a word below which it is left out: rare readings would split classes."""
TURNS: Final = 20
REGRESSION_STEPS: Final = 8
"""In each turn, from the result of the turn before."""
LIMIT: Final = 1e3
"""Largest ratio of an image's probability of a word to its mean, and smallest as its inverse."""
FOLDS: Final = 4
LEAST_USERS: Final = 30
"""Users with other references than everybody else; with fewer nothing is fitted."""
LEAST_Z: Final = 4.0
"""Standard errors that the gain on other users must reach."""
TRUST: Final = 0.3
"""Share of the log-probabilities of the readings that stays in the regression. With all of it a fit
hardly moves, and nothing was accepted (training/LOG.md)."""
RIDGE: Final = 20.0
LEAST_OWN: Final = 2 / 3
"""Share of the gain that must remain given each other element, else its classes are those of the
other one."""
DOUBTS: Final = (DOUBT, 0.5, 0.75, 1.0)
"""Of the readings that a fit is compared with; with 1 an image may show any word."""


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
    readings: Readings, vectors: Floats, sides: Sequence[Ints], users: Ints,
    *, is_late: IsLate = lambda: False,
) -> dict[Element, SharedWords]:  # fmt: skip
    """By element what is clearly better than the readings; empty where nothing is.

    `vectors` are image vectors (images, d), `sides` the numbers of the images of each side, at
    least one, and `users` the user of each side (sides,); users with the same references have one
    number, so that copies do not count as other users. Nothing is accepted after the deadline.
    """
    codes = np.unique(users, return_inverse=True)[1]
    if not len(codes) or codes.max() + 1 < LEAST_USERS:
        return {}
    features = principal_components(vectors)
    everyone = _Sides.of(sides)
    fits: dict[Element, _Fits] = {}
    for element in ELEMENTS:
        if is_late():
            return {}
        words, kept = _usual_words(readings.words[element])
        if len(kept) > 1:
            fits[element] = _Fits.of(words, kept, features, sides, codes)
    known = {e: _doubted(fit.words, DOUBT) for e, fit in fits.items()}
    accepted = {}
    for element in sorted(fits, key=lambda e: -fits[e].likelihood):
        fit = fits[element]
        alone = fit.gain(codes, None)
        given_others = [fit.gain(codes, words) for e, words in known.items() if e != element]
        gain, z = min([alone, *given_others])
        if z < LEAST_Z or gain < LEAST_OWN * alone[0]:
            continue
        known[element] = fitted = _fit(_doubted(fit.words, DOUBT), features, everyone)
        size = readings.words[element].shape[1]
        accepted[element] = SharedWords(
            _spread(fitted, fit.kept, size),
            _spread(everyone.words(fitted), fit.kept, size),
            gain,
            z,
        )
    return accepted


def principal_components(vectors: Floats, count: int = COMPONENTS) -> Floats:
    """Standardized components of the vectors and a constant. (images, at most count + 1)"""
    images = len(vectors)
    centered = vectors - vectors.mean(axis=0)
    scale, parts = eigh(centered @ centered.T, subset_by_index=[max(0, images - count), images - 1])
    used = parts[:, scale > 1e-9 * max(float((vectors**2).sum()), 1e-12)]
    return np.column_stack([used * np.sqrt(images), np.ones(images)])


@dataclass(frozen=True)
class _Sides:
    """The images of all sides, one side after another."""

    images: Ints
    sizes: Ints

    @staticmethod
    def of(sides: Sequence[Ints]) -> "_Sides":
        return _Sides(np.concatenate(list(sides)), np.array([len(side) for side in sides]))

    def sums(self, values: Floats) -> Floats:
        """Sums over the images of each side. (sides, words)"""
        return np.add.reduceat(values, np.cumsum(self.sizes) - self.sizes)

    def words(self, words: Floats) -> Floats:
        """Probabilities of the word that each side shares. (sides, words)"""
        logs = np.log(SHARED * _ratio(words)[self.images] + 1 - SHARED)
        return softmax(self.sums(logs) + np.log(words.mean(axis=0)))

    def left_out(self, words: Floats, given: Floats | None = None) -> Floats:
        """Mean log-likelihood ratio of each image of a side, given its other images. (sides,)

        `given` are the words of another element: what these imply is no gain.
        """
        match = SHARED * _ratio(words, given)[self.images] + 1 - SHARED
        logs = np.log(match)
        all_logs = np.repeat(self.sums(logs), self.sizes, axis=0)
        others = softmax(all_logs - logs + np.log(words.mean(axis=0)))
        ratios = np.log((others * match).sum(axis=1))
        return np.asarray(self.sums(ratios[:, None])[:, 0] / self.sizes)

    def targets(self, words: Floats) -> Floats:
        """The words that each image shows, given those of its side. (images of sides, words)"""
        match = SHARED * _ratio(words)[self.images]
        shared = np.repeat(self.words(words), self.sizes, axis=0) * match / (match + 1 - SHARED)
        return np.asarray(shared + (1 - shared.sum(axis=1, keepdims=True)) * words[self.images])


@dataclass(frozen=True)
class _Fits:
    """The readings of one element, and fits without the users of each fold."""

    words: Floats
    kept: Ints
    folds: tuple[tuple[_Sides, Floats], ...]
    """Sides outside of a fit, and the words of all images in this fit."""
    order: Ints
    """The place of each side among those of all folds."""

    @staticmethod
    def of(
        words: Floats, kept: Ints, features: Floats, sides: Sequence[Ints], codes: Ints
    ) -> "_Fits":
        folds = []
        for fold in range(FOLDS):
            inside, outside = (
                _Sides.of([sides[int(number)] for number in np.flatnonzero(mask)])
                for mask in (codes % FOLDS != fold, codes % FOLDS == fold)
            )
            folds.append((outside, _fit(_doubted(words, DOUBT), features, inside)))
        return _Fits(words, kept, tuple(folds), np.argsort(codes % FOLDS, kind="stable").argsort())

    @property
    def likelihood(self) -> float:
        """Mean log-likelihood ratio of left-out images on users outside the fit."""
        return float(self._left_out([words for _, words in self.folds], None).mean())

    def gain(self, codes: Ints, given: Floats | None) -> tuple[float, float]:
        """What the fits add to this over the readings, and its z; see `_Sides.left_out`."""
        fitted = self._left_out([words for _, words in self.folds], given)
        doubted = [_doubted(self.words, doubt) for doubt in DOUBTS]
        readings = [self._left_out([words] * FOLDS, given) for words in doubted]
        by_user = np.bincount(codes, fitted - max(readings, key=np.sum)) / np.bincount(codes)
        error = float(by_user.std(ddof=1) / np.sqrt(len(by_user)))
        mean = float(by_user.mean())
        return mean, mean / max(error, 1e-9)

    def _left_out(self, words: Sequence[Floats], given: Floats | None) -> Floats:
        parts = [
            sides.left_out(of_fold, given)
            for (sides, _), of_fold in zip(self.folds, words, strict=True)
        ]
        return np.asarray(np.concatenate(parts)[self.order])


def _usual_words(words: Floats) -> tuple[Floats, Ints]:
    """The readings of words that are not rare, and their places."""
    is_kept = words.mean(axis=0) >= LEAST_SHARE
    is_kept[-1] = False  # of an image that shows no known word, a word is still found
    if not is_kept.any():
        is_kept[:-1] = True
    kept = np.flatnonzero(is_kept)
    usual = words[:, kept] + 1e-9
    return usual / usual.sum(axis=1, keepdims=True), kept


def _doubted(words: Floats, doubt: float) -> Floats:
    """The readings where they are wrong with this probability, and then say nothing."""
    return np.asarray((1 - doubt) * words + doubt * words.mean(axis=0))


def _fit(words: Floats, features: Floats, sides: _Sides) -> Floats:
    """Words of all images by expectation maximization on these sides. (images, words)"""
    offset = TRUST * np.log(words)
    shown, place = np.unique(sides.images, return_inverse=True)
    count = np.bincount(place)[:, None].astype(np.float64)
    map_ = np.zeros((features.shape[1], words.shape[1]))
    for _ in range(TURNS):
        target = np.zeros((len(shown), words.shape[1]))
        np.add.at(target, place, sides.targets(words))
        map_ = fit_multinomial(
            features[shown], offset[shown], target,
            ridge=RIDGE, steps=REGRESSION_STEPS, count=count, start=map_,
        )  # fmt: skip
        words = softmax(offset + features @ map_)
    return words


def _ratio(words: Floats, given: Floats | None = None) -> Floats:
    """Each image's probability of a word to its mean, or to its mean given another element."""
    mean: Floats = words.mean(axis=0)
    if given is not None:
        mean = given @ (given.T @ words / given.sum(axis=0)[:, None])
    return np.asarray(np.clip(words / mean, 1 / LIMIT, LIMIT))


def _spread(words: Floats, kept: Ints, size: int) -> Floats:
    """The kept words at their places among all words. (n, size)"""
    whole = np.zeros((len(words), size))
    whole[:, kept] = words
    return whole
