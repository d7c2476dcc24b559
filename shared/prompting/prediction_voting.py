"""Merge several predictions of one user's taste into weighted words, by vote."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from shared.domain.taste import ELEMENTS, MAX_WORDS, Element, Taste, TasteSide, WeightedWord, Words
from shared.domain.word_forms import Spellings, canonical
from shared.vlm.protocol import PredictedTaste

MIN_VOTE_RATIO: Final = 0.2
"""A word with fewer votes than this share of its element's strongest word is left out as chance."""
WordSupport = Mapping[Element, Mapping[str, float]]
"""By element and canonical word, the share of a prediction's vote that the word gets, 0-1; 1 if
missing."""


@dataclass(frozen=True)
class VoteWeight:
    """The weight, from 0, of one prediction's words on each side."""

    preference: float = 1.0
    non_preference: float = 1.0
    preference_support: WordSupport = field(default_factory=dict)
    non_preference_support: WordSupport = field(default_factory=dict)


EQUAL_VOTE: Final = VoteWeight()


def taste_by_vote(
    predictions: Sequence[PredictedTaste], weights: Sequence[VoteWeight] | None = None
) -> Taste:
    """Each word with its share of the vote weight; a word is kept on the side with more votes.

    With several predictions, one that names two words for an element gives half a vote to each:
    its images do not agree. Forms of one word, such as singular and plural, vote together and get
    the most frequent spelling. Without `weights` all predictions weigh the same. Raises ValueError
    unless there is one weight per prediction.
    """
    weighted = list(zip(predictions, weights or [EQUAL_VOTE] * len(predictions), strict=True))
    spellings = {element: _spellings(predictions, element) for element in ELEMENTS}
    preference = [
        _SideVote(_spelled(p.preference, spellings), w.preference, w.preference_support)
        for p, w in weighted
    ]
    non_preference = [
        _SideVote(_spelled(p.non_preference, spellings), w.non_preference, w.non_preference_support)
        for p, w in weighted
    ]
    return Taste(
        preference=_side(preference, other=non_preference),
        non_preference=_side(non_preference, other=preference),
    )


@dataclass(frozen=True)
class _SideVote:
    """One prediction's words on one side, and their weight."""

    words: Mapping[Element, tuple[str, ...]]
    weight: float
    support: WordSupport

    def of_word(self, word: str, element: Element) -> float:
        return self.weight * self.support.get(element, {}).get(canonical(word), 1.0)


def _spellings(predictions: Sequence[PredictedTaste], element: Element) -> Spellings:
    return Spellings(
        word
        for prediction in predictions
        for side in (prediction.preference, prediction.non_preference)
        for word in side.get(element, ())
    )


def _spelled(
    side: Mapping[Element, tuple[str, ...]], spellings: Mapping[Element, Spellings]
) -> Mapping[Element, tuple[str, ...]]:
    return {element: spellings[element].all_of(words) for element, words in side.items()}


def _side(votes: Sequence[_SideVote], *, other: Sequence[_SideVote]) -> TasteSide:
    return TasteSide.model_validate({e.value: _words(votes, other, e) for e in ELEMENTS})


def _words(votes: Sequence[_SideVote], other: Sequence[_SideVote], element: Element) -> Words:
    totals, other_totals = _totals(votes, element), _totals(other, element)
    won = {word: total for word, total in totals.items() if total > other_totals.get(word, 0.0)}
    minimum = MIN_VOTE_RATIO * max(won.values(), default=0.0)
    strongest = sorted(
        (word for word, total in won.items() if total >= minimum),
        key=lambda word: (-won[word], word),
    )
    return tuple(_weighted_word(word, votes, element) for word in strongest[:MAX_WORDS])


def _totals(votes: Sequence[_SideVote], element: Element) -> dict[str, float]:
    """The votes of each word."""
    totals: dict[str, float] = defaultdict(float)
    for vote in votes:
        words = vote.words.get(element, ())
        for word in words:
            totals[word] += vote.of_word(word, element) / (len(words) if len(votes) > 1 else 1)
    return totals


def _weighted_word(word: str, votes: Sequence[_SideVote], element: Element) -> WeightedWord:
    naming = [vote.weight for vote in votes if word in vote.words.get(element, ())]
    share = sum(naming) / sum(vote.weight for vote in votes)
    return WeightedWord(word=word, weight=round(share, 4), count=len(naming))
