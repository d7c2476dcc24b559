"""List the liked and disliked words by which the references of one element may be explained."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
import numpy.typing as npt

from services.profile.prediction.base_rates import BaseRates
from shared.domain.taste import Element, Taste
from shared.domain.word_forms import Spellings
from shared.prompting.prompt import WORDS_SHOWN
from shared.store.protocol import Reference

Floats = npt.NDArray[np.float64]
TWO_WORDS_PRIOR: Final = 0.25
"""Prior probability that a side has two words of an element."""
MAX_COMPARED_WORDS: Final = 8
"""Words compared for each element, those with the most evidence; their pairs are compared too."""


@dataclass(frozen=True)
class WordHypotheses:
    """The possible words of one element, and what the references and the shown images show."""

    words: Sequence[str]
    liked: Floats
    """Liked words as indicators, one hypothesis a row, the last one without a change. (h, words)"""
    disliked: Floats
    """The same for the disliked words. (h, words)"""
    log_prior: Floats
    """Of the hypotheses of a change, without the last one; sums to 1. (h - 1,)"""
    shows: Floats
    """Share of each word in what a reference shows. (references, words)"""
    shown: Floats
    """The same for the images that the user could choose from. (images, words)"""

    @property
    def direction(self) -> Floats:
        """1 for liked and -1 for disliked words. (h, words)"""
        return self.liked - self.disliked


def word_hypotheses(
    references: Sequence[Reference],
    log_ratio: Floats,
    element: Element,
    voted: Taste,
    base_rates: BaseRates,
) -> WordHypotheses | None:
    """The voted words, and all sets of one or two liked and disliked words, each as likely.

    None with fewer than two words. `log_ratio` is the signed evidence of each reference.
    """
    liked = [word.word for word in voted.preference[element][:WORDS_SHOWN]]
    disliked = [word.word for word in voted.non_preference[element][:WORDS_SHOWN]]
    named = [*liked, *disliked]
    spellings = Spellings(
        (word for r in references for word in r.described_words(element)), preferred=named
    )
    described = [spellings.all_of(r.described_words(element)) for r in references]
    words = _compared_words(described, log_ratio, named)
    if len(words) < 2:
        return None
    sets, prior = _word_sets(len(words))
    # No word is both liked and disliked.
    liked_sets, disliked_sets = np.nonzero(sets @ sets.T == 0)
    log_prior = np.log(prior[liked_sets] * prior[disliked_sets])
    return WordHypotheses(
        words,
        np.vstack([sets[liked_sets], _one_set(liked, words)]),
        np.vstack([sets[disliked_sets], _one_set(disliked, words)]),
        log_prior - np.logaddexp.reduce(log_prior),
        np.array([_word_shares(shown, words) for shown in described]),
        base_rates.shown_words(element, words),
    )


def _compared_words(
    described: Sequence[Sequence[str]], log_ratio: Floats, voted: Sequence[str]
) -> list[str]:
    """The voted words and those with the most evidence, in alphabetical order."""
    evidence = dict.fromkeys(voted, np.inf)
    for shown, ratio in zip(described, log_ratio, strict=True):
        for word in shown:
            evidence[word] = evidence.get(word, 0.0) + abs(ratio)
    strongest = sorted(evidence, key=lambda word: (-evidence[word], word))
    return sorted(strongest[:MAX_COMPARED_WORDS])


def _word_sets(words: int) -> tuple[Floats, Floats]:
    """All single words and all pairs, (sets, words), and the prior of each set, (sets,)."""
    single = np.eye(words)
    pairs = np.array([single[a] + single[b] for a, b in combinations(range(words), 2)])
    prior = np.repeat(
        [(1 - TWO_WORDS_PRIOR) / words, TWO_WORDS_PRIOR / len(pairs)], [words, len(pairs)]
    )
    return np.concatenate([single, pairs]), prior


def _word_shares(shown: Sequence[str], words: Sequence[str]) -> Floats:
    """Each compared word's share of the words that an image shows. (words,)"""
    return np.array([(word in shown) / max(len(shown), 1) for word in words])


def _one_set(named: Sequence[str], words: Sequence[str]) -> Floats:
    """One set of words as an indicator matrix. (1, words)"""
    return np.array([[float(word in named) for word in words]])
