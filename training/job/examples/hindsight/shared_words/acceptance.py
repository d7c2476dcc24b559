"""Find the words that the references of one side share, with classes learned over all users.

A user's liked references look alike in what the user likes, and disliked ones in what is disliked.
Two models follow each other: regressions on which the images of a side agree (`agreement.py`), and
from their result a mixture that explains the image vectors by all elements together (`factors.py`).
So a style that the champion reads as many words becomes one.

An element is changed only where the fitted classes predict left-out images of *other* users clearly
better than the champion's readings do: what the champion reads well stays. The readings may be
doubted as much as predicts best, so that doubt alone is no gain; and what the words of the other
elements imply is no gain, so that colors do not become names of styles. References rarely tell
elements apart that always come together. So further elements that pass alone are changed too where
the clicked pairs, which shaped no fit, are then ranked right more often.

Where the champion reads a class as many words, any of them could name it. A candidate of earlier
nights has learned one of them. The last fit therefore starts at the candidate's readings, so that
tonight's examples do not replace that name. The candidate does not decide which elements change.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Final

import numpy as np

from shared.domain.taste import ELEMENTS, Element
from training.job.examples.hindsight.readings import DOUBT, Readings
from training.job.examples.hindsight.shared_words.agreement import fit_agreement
from training.job.examples.hindsight.shared_words.clicked_pairs import ClickedPairs
from training.job.examples.hindsight.shared_words.components import principal_components
from training.job.examples.hindsight.shared_words.factors import FactorWords, fit_factors, without
from training.job.examples.hindsight.shared_words.sides import (
    Floats,
    Ints,
    Sides,
    implied,
    ratio_to_mean,
)
from training.job.scoring.deadline import IsLate

AGREEMENT_COMPONENTS: Final = 16
"""Principal components of the image vectors: with 32 a few hundred references are memorized, and
the fit starts the factors at worse words (training/LOG.md)."""
FACTOR_COMPONENTS: Final = 32
LEAST_SHARE: Final = 0.03
"""Mean probability of a word below which it is left out: rare readings would split classes."""
FIRST_TURNS: Final = 20
"""Of the fits that only say which elements may change."""
FOLDS: Final = 4
LEAST_USERS: Final = 30
"""Users with other references than everybody else; with fewer nothing is fitted."""
LEAST_Z: Final = 4.0
"""Standard errors that the gain on other users must reach."""
LEAST_Z_OF_PAIRS: Final = 2.5
"""Standard errors by which clicked pairs must be ranked better with further elements changed."""
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
    *, pairs: ClickedPairs | None = None, named: Mapping[Element, Floats] | None = None,
    is_late: IsLate = lambda: False,
) -> dict[Element, SharedWords]:  # fmt: skip
    """By element what is clearly better than the readings; empty where nothing is.

    `vectors` are image vectors (images, d), `sides` the numbers of the images of each side, at
    least one, all liked sides first, and `users` the user of each side (sides,); users with the
    same references have one number, so that copies do not count as other users. `named` are the
    readings of a candidate, like those of the champion. Nothing is accepted after the deadline.
    """
    codes = np.unique(users, return_inverse=True)[1]
    if not len(codes) or codes.max() + 1 < LEAST_USERS:
        return {}
    material = _Material.of(readings, vectors)
    candidates, accepted = _by_references(material, sides, codes, is_late)
    everyone = Sides.of(sides)
    fits = {frozenset(accepted): material.fitted(accepted, everyone)}
    if pairs is not None and len(pairs.user):
        further = [e for e in candidates if e not in accepted]
        for added in _subsets(further):
            if is_late():
                break
            changed = [e for e in candidates if e in {*accepted, *added}]
            fits[frozenset(changed)] = material.fitted(changed, everyone)
    chosen = _best(material, fits, frozenset(accepted), pairs, everyone)
    gains = candidates | accepted
    learned = _shared(material, fits[chosen], gains)
    if named is not None and not is_late():
        # An element for which the candidate knows one word only keeps the champion's names.
        material = _Material.of(Readings({**named}, readings.read), vectors)
        free = [e for e in learned if e in material.words]
        learned |= _shared(material, material.fitted(free, everyone), gains)
    return learned


Gains = dict[Element, tuple[float, float]]
"""Mean gain of left-out images of other users, and its z."""


def _shared(
    material: "_Material", fit: Mapping[Element, FactorWords], gains: Gains
) -> dict[Element, SharedWords]:
    return {
        element: SharedWords(
            material.spread(element, words.images), material.spread(element, words.sides),
            *gains[element],
        )
        for element, words in fit.items()
    }  # fmt: skip


def _by_references(
    material: "_Material", sides: Sequence[Ints], codes: Ints, is_late: IsLate
) -> tuple[Gains, Gains]:
    """Elements that are better than the readings alone, and those that are so given the others."""
    folds = [
        (Sides.of(_chosen(sides, codes % FOLDS != fold)), _chosen(sides, codes % FOLDS == fold))
        for fold in range(FOLDS)
    ]
    judge = _Judge(material, codes, [Sides.of(outside) for _, outside in folds])
    alone: list[dict[Element, Floats]] = []
    for inside, _ in folds:
        if is_late():
            return {}, {}
        alone.append(material.fitted_alone(inside))
    candidates = {e: gain for e in material.words if (gain := judge.gain(e, alone))[1] >= LEAST_Z}
    free = list(candidates)
    while free:
        fits = []
        for inside, _ in folds:
            if is_late():
                return {}, {}
            fits.append(material.fitted(free, inside))
        by_fold = [material.doubted | {e: f.alone for e, f in fit.items()} for fit in fits]
        gains = {e: judge.gain(e, by_fold, given_others=True) for e in free}
        passed = [e for e in free if gains[e][1] >= LEAST_Z]
        if passed == free:
            return candidates, gains
        free = passed
    return candidates, {}


def _subsets(elements: Sequence[Element]) -> Iterator[tuple[Element, ...]]:
    """All subsets but the empty one; few elements pass alone."""
    for size in range(1, len(elements) + 1):
        yield from combinations(elements, size)


def _best(
    material: "_Material", fits: Mapping[frozenset[Element], Mapping[Element, FactorWords]],
    accepted: frozenset[Element], pairs: ClickedPairs | None, sides: Sides,
) -> frozenset[Element]:  # fmt: skip
    """The changed elements with which most pairs are ranked right, or what references accept."""
    if pairs is None or len(fits) == 1:
        return accepted
    right = {
        changed: pairs.right(material.doubted | {e: w.alone for e, w in fit.items()}, sides)
        for changed, fit in fits.items()
    }
    best = max(right, key=lambda changed: float(right[changed].sum()))
    is_clear = pairs.z(right[best], right[accepted]) >= LEAST_Z_OF_PAIRS
    return best if is_clear else accepted


@dataclass(frozen=True)
class _Material:
    """Readings and components of all images."""

    words: dict[Element, Floats]
    """The readings of words that are not rare, of elements with two such words or more."""
    kept: dict[Element, Ints]
    """The places of these words among all of the element."""
    sizes: dict[Element, int]
    few: Floats
    """Components of the agreement."""
    more: Floats
    """Components of the factors, without a constant."""

    @staticmethod
    def of(readings: Readings, vectors: Floats) -> "_Material":
        usual = {e: _usual_words(readings.words[e]) for e in ELEMENTS}
        several = {e: pair for e, pair in usual.items() if len(pair[1]) > 1}
        return _Material(
            {e: words for e, (words, _) in several.items()},
            {e: kept for e, (_, kept) in several.items()},
            {e: readings.words[e].shape[1] for e in ELEMENTS},
            principal_components(vectors, AGREEMENT_COMPONENTS),
            principal_components(vectors, FACTOR_COMPONENTS)[:, :-1],
        )

    @cached_property
    def doubted(self) -> dict[Element, Floats]:
        """The readings, each of which may be wrong."""
        return {e: _doubted(words, DOUBT) for e, words in self.words.items()}

    def fitted_alone(self, sides: Sides) -> dict[Element, Floats]:
        """Each element fitted without the others, which may then share its classes."""
        doubted = self.doubted
        return {
            e: fit_agreement({e: doubted[e]}, [e], self.few, sides, turns=FIRST_TURNS)[e]
            for e in doubted
        }

    def fitted(self, free: Sequence[Element], sides: Sides) -> dict[Element, FactorWords]:
        """The free elements fitted together, given the readings of the others."""
        if not free:
            return {}
        agreed = fit_agreement(self.doubted, free, self.few, sides)
        known = [words for e, words in self.words.items() if e not in free]
        factors = fit_factors(
            [self.words[e] for e in free], [agreed[e] for e in free],
            without(self.more, known), sides,
        )  # fmt: skip
        return dict(zip(free, factors, strict=True))

    def spread(self, element: Element, words: Floats) -> Floats:
        """The kept words at their places among all words. (n, words + 1)"""
        whole = np.zeros((len(words), self.sizes[element]))
        whole[:, self.kept[element]] = words
        return whole


@dataclass(frozen=True)
class _Judge:
    """Compares fits with the readings on the sides of users outside of each fit."""

    material: _Material
    codes: Ints
    """The user of each side."""
    outside: Sequence[Sides]
    """By fold."""

    def gain(
        self, element: Element, fits: Sequence[Mapping[Element, Floats]],
        *, given_others: bool = False,
    ) -> tuple[float, float]:  # fmt: skip
        """Mean gain of left-out images over the readings, and its z.

        `fits` are the words of the elements by fold. With `given_others` what their other elements
        imply is no gain.
        """
        readings = self.material.words[element]
        fitted = self._left_out(element, [fit[element] for fit in fits], fits, given_others)
        compared = [
            self._left_out(element, [_doubted(readings, doubt)] * FOLDS, fits, given_others)
            for doubt in DOUBTS
        ]
        by_user = np.bincount(self.codes, fitted - max(compared, key=np.sum))
        by_user /= np.bincount(self.codes)
        error = float(by_user.std(ddof=1) / np.sqrt(len(by_user)))
        mean = float(by_user.mean())
        return mean, mean / max(error, 1e-9)

    def _left_out(
        self, element: Element, words: Sequence[Floats], fits: Sequence[Mapping[Element, Floats]],
        given_others: bool,
    ) -> Floats:  # fmt: skip
        """Mean log-likelihood ratio of the left-out images of each side. (sides,)"""
        values = np.zeros(len(self.codes))
        for fold, (sides, rows, fit) in enumerate(zip(self.outside, words, fits, strict=True)):
            prior: Floats = rows.mean(axis=0)
            others = [of_other for e, of_other in fit.items() if e != element]
            base = implied(rows, others) if given_others else prior
            ratio = ratio_to_mean(rows, base)
            values[self.codes % FOLDS == fold] = sides.left_out(ratio, prior)
        return values


def _chosen(sides: Sequence[Ints], mask: np.ndarray) -> list[Ints]:
    return [sides[int(number)] for number in np.flatnonzero(mask)]


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
