"""Detect that a user's taste has drifted, and replace the words of the elements that changed.

The test compares two explanations of the later references with a Bayes factor: the words before,
or one or two other words per side (infra/decisions/0095, 0098 and 0115).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from itertools import combinations
from typing import Final

import numpy as np
import numpy.typing as npt

from services.profile.feedback.references import ACTION_WEIGHTS
from services.profile.prediction.base_rates import UNKNOWN_BASE_RATES, BaseRates
from services.profile.prediction.reference_likelihood import Chance, log_likelihoods
from shared.domain.taste import ELEMENTS, Element, Taste, TasteSide, WeightedWord, Words
from shared.domain.word_forms import Spellings
from shared.prompting.prompt import WORDS_SHOWN
from shared.store.protocol import Reference

WORD_RATIO: Final = 16.0
"""How many times as often as by chance a stated reference shows a liked word. For a like the ratio
is 16 ** .5 = 4, for a click 16 ** .25 = 2."""
MIN_BAYES_FACTOR: Final = 1_000.0
"""How many times better a drift must explain the references. For independent observations a Bayes
factor of 100 is called decisive; these images are not independent: one ranking selected them."""
SESSION_GAP: Final = timedelta(minutes=1)
"""References closer than this are one session and one taste: a user who states ten images at once
means all of them."""
MIN_REFERENCES: Final = 10
"""Least number of references since a drift, as many as one prediction reads (five per side). Fewer
new clicks add to the earlier references and do not replace them."""
TWO_WORDS_PRIOR: Final = 0.25
"""Prior probability that a side has two words of an element."""
SECOND_WORD_PROBABILITY: Final = 0.3
"""Probability from which a second word is named: one word too many costs less than one missing."""
MIN_SUPPORT: Final = 0.01
"""How well the new words of an element must explain the references, relative to indifference to it.
A user who states a medium may click on any: such clicks speak against the stated words, and for no
others. More than 0.1 follows real changes too slowly (training/LOG.md, 2026-11-30)."""
MAX_COMPARED_WORDS: Final = 16
"""Words compared for each element, those with the most evidence; their pairs are compared too."""
Floats = npt.NDArray[np.float64]


def detect_drift(
    references: Sequence[Reference], voted: Taste, base_rates: BaseRates = UNKNOWN_BASE_RATES
) -> Taste:
    """The taste since the drift, or `voted` where no drift is certain enough.

    A drift may begin at any session. The references from that session on are explained by the voted
    words, or by others: one or two liked and one or two disliked words, each set with the same
    chance. An element may keep its words. The age of the references does not count.

    `base_rates` are the words of the images that the user could choose from. In a catalog
    of mostly blue images, most clicks are on blue images, whatever the taste is.
    """
    ordered = sorted(references, key=lambda r: (r.occurred_at, r.event_id))
    starts = _session_starts(ordered)
    if not starts:
        return voted
    changes = {
        element: _compare(ordered, starts, element, voted, base_rates) for element in ELEMENTS
    }
    evidence = sum(np.logaddexp(0.0, c.bayes_factor) - np.log(2) for c in changes.values())
    # evidence: (starts,), a logarithm; the mean over the starts is compared with the threshold
    if np.logaddexp.reduce(evidence) - np.log(len(starts)) <= np.log(MIN_BAYES_FACTOR):
        return voted
    start = int(np.argmax(evidence))
    sides = {reference.side for reference in ordered[starts[start] :]}
    drifted = {e: change for e, change in changes.items() if change.is_supported(start)}
    liked = {e: c.preference(start) for e, c in drifted.items() if "liked" in sides}
    disliked = {e: c.non_preference(start) for e, c in drifted.items() if "disliked" in sides}
    return Taste(
        preference=_replaced(voted.preference, liked, other=disliked),
        non_preference=_replaced(voted.non_preference, disliked, other=liked),
    )


@dataclass(frozen=True)
class _Change:
    """How well other words of one element explain the references from each start on."""

    words: Sequence[str]
    sets: Floats
    """The sets of one or two words that a side may have. (sets, words)"""
    log_ratios: Floats
    """Log of likelihood ratio times prior for each liked and disliked set. (starts, sets, sets)"""
    unchanged: Floats
    """Log likelihood under the words before, relative to indifference. (starts,)"""

    @cached_property
    def bayes_factor(self) -> Floats:
        """Log Bayes factor of a change against no change. (starts,)"""
        return np.asarray(np.logaddexp.reduce(self.log_ratios, axis=(1, 2)))

    def is_supported(self, start: int) -> bool:
        """Whether other words explain the references better than those before, and than none."""
        ratio = self.bayes_factor[start]
        return bool(ratio > 0 and ratio + self.unchanged[start] > np.log(MIN_SUPPORT))

    def preference(self, start: int) -> Words:
        return self._most_probable(self._posterior(start).sum(axis=1) @ self.sets)

    def non_preference(self, start: int) -> Words:
        return self._most_probable(self._posterior(start).sum(axis=0) @ self.sets)

    def _posterior(self, start: int) -> Floats:
        """Probability of each liked and disliked set, given a change. (sets, sets)"""
        return np.asarray(np.exp(self.log_ratios[start] - self.bayes_factor[start]))

    def _most_probable(self, probability: Floats) -> Words:
        """The most probable word, and the second one if it is probable enough."""
        best = np.argsort(-probability, kind="stable")[:WORDS_SHOWN]
        return tuple(
            WeightedWord(word=self.words[i], weight=round(min(float(probability[i]), 1.0), 4))
            for rank, i in enumerate(best)
            if rank == 0 or probability[i] > SECOND_WORD_PROBABILITY
        )


def _session_starts(ordered: Sequence[Reference]) -> list[int]:
    """Indices at which a session begins and from which enough references follow."""
    return [
        i
        for i in range(1, len(ordered) - MIN_REFERENCES + 1)
        if ordered[i].occurred_at > ordered[i - 1].occurred_at + SESSION_GAP
    ]


def _compare(
    references: Sequence[Reference],
    starts: Sequence[int],
    element: Element,
    voted: Taste,
    base_rates: BaseRates,
) -> _Change:
    liked = [word.word for word in voted.preference[element][:WORDS_SHOWN]]
    disliked = [word.word for word in voted.non_preference[element][:WORDS_SHOWN]]
    log_ratio = np.array([ACTION_WEIGHTS[r.action] * np.log(WORD_RATIO) for r in references])
    log_ratio *= [1 if reference.side == "liked" else -1 for reference in references]  # (n,)
    named = [*liked, *disliked]
    spellings = Spellings(
        (word for r in references for word in r.described_words(element)), preferred=named
    )
    described = [spellings.all_of(r.described_words(element)) for r in references]
    words = _compared_words(described, log_ratio, named)
    if len(words) < 2:
        impossible = np.full((len(starts), len(words), len(words)), -np.inf)
        return _Change(words, np.eye(len(words)), impossible, np.zeros(len(starts)))
    shows = np.array([_word_shares(shown, words) for shown in described])
    # shows: (n, words)
    from_start = np.arange(len(references)) >= np.array(starts)[:, None]  # (starts, n)
    evidence = from_start @ (log_ratio[:, None] * shows)  # (starts, words)
    chance = Chance(from_start, log_ratio, shows, base_rates.of(element, words))
    sets, prior = _word_sets(len(words))
    log_prior = np.log(prior[:, None] * prior)
    log_prior[sets @ sets.T > 0] = -np.inf  # no word is both liked and disliked
    log_prior -= np.logaddexp.reduce(log_prior, axis=None)
    changed = log_likelihoods(evidence, chance, sets, sets) + log_prior
    unchanged = log_likelihoods(evidence, chance, _one_set(liked, words), _one_set(disliked, words))
    return _Change(words, sets, changed - unchanged, unchanged[:, 0, 0])


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


def _replaced(
    side: TasteSide, words: Mapping[Element, Words], *, other: Mapping[Element, Words]
) -> TasteSide:
    """The side with its drifted elements replaced, without words that moved to the other side."""
    by_element: dict[str, Words] = {}
    for element in ELEMENTS:
        moved = {word.word for word in other.get(element, ())}
        kept = words.get(element, side[element])
        by_element[element.value] = tuple(word for word in kept if word.word not in moved)
    return TasteSide.model_validate(by_element)
