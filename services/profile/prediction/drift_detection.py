"""Tell from what later references show whether a taste has changed, and what it is since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from itertools import combinations
from typing import Final

import numpy as np
import numpy.typing as npt

from services.profile.feedback.references import TELLS
from shared.domain.taste import ELEMENTS, Element, Taste, TasteSide, WeightedWord, Words
from shared.prompting.prompt import WORDS_SHOWN
from shared.store.protocol import Reference

STRENGTH: Final = 16.0
"""How many times as often as by chance a stated like shows a word of the taste. What is said in
passing shows it 16 ** .5 = 4 times as often, and a click 16 ** .25 = 2 times."""
DECISIVE: Final = 1_000.0
"""How many times as well a change must explain what was told. A Bayes factor of 100 is called
decisive where cases are independent; what one person is shown was chosen by one ranking."""
SITTING: Final = timedelta(minutes=1)
"""Time within which nothing is later: who shows ten images at once means all of them."""
ENOUGH: Final = 10
"""References that a change must rest on, a prediction's five of a side: four or five clicks on
something new are heard beside what was stated, not instead of it."""
SEVERAL: Final = 0.25
"""Chance that a side has two words of an element, before anything is told."""
LIKELY: Final = 0.3
"""Probability from which a second word is named: one too many costs less than one too few."""
MOST_WORDS: Final = 16
"""Words of an element that are weighed, those that were told of most: their pairs are compared
with each other."""
Floats = npt.NDArray[np.float64]


def since_changed(told: Sequence[Reference], before: Taste) -> Taste:
    """The taste as it is since it changed; `before` where nothing decisive speaks for a change.

    A change may have come between any two sittings. What was told from there on is explained
    either by the words before, or by others: one or two liked and one or two disliked,
    any of those seen with the same chance; each element may keep its words. How long ago it was
    told does not count.
    """
    ordered = sorted(told, key=lambda one: (one.occurred_at, one.event_id))
    starts = _starts(ordered)
    if not starts:
        return before
    found = [_explained(ordered, starts, element, before) for element in ELEMENTS]
    evidence = sum(np.logaddexp(0.0, one.gain) - np.log(2) for one in found)  # (starts,)
    if np.logaddexp.reduce(evidence) - np.log(len(starts)) <= np.log(DECISIVE):
        return before
    at = int(np.argmax(evidence))
    sides = {one.side for one in ordered[starts[at] :]}
    changed = {e: one for e, one in zip(ELEMENTS, found, strict=True) if one.gain[at] > 0}
    likes = {e: one.likes(at) for e, one in changed.items() if "liked" in sides}
    dislikes = {e: one.dislikes(at) for e, one in changed.items() if "disliked" in sides}
    return Taste(
        preference=_with(before.preference, likes, against=dislikes),
        non_preference=_with(before.non_preference, dislikes, against=likes),
    )


@dataclass(frozen=True)
class _Explained:
    """One element: how well other words than those before explain what was told from each start."""

    words: Sequence[str]
    sets: Floats
    """The words, one or two, that a side may have. (sets, words)"""
    fits: Floats
    """Logarithm of how many times as well, times its chance beforehand, for each liked set and
    disliked set. (starts, sets, sets)"""

    @cached_property
    def gain(self) -> Floats:
        """The same for any of them. (starts,)"""
        return np.asarray(np.logaddexp.reduce(self.fits, axis=(1, 2)))

    def likes(self, at: int) -> Words:
        return self._probable(self._share(at).sum(axis=1) @ self.sets)

    def dislikes(self, at: int) -> Words:
        return self._probable(self._share(at).sum(axis=0) @ self.sets)

    def _share(self, at: int) -> Floats:
        """Probability of each liked and disliked set, given a change. (sets, sets)"""
        return np.asarray(np.exp(self.fits[at] - self.gain[at]))

    def _probable(self, share: Floats) -> Words:
        """The most probable word, and a second one that is likely."""
        strongest = np.argsort(-share, kind="stable")[:WORDS_SHOWN]
        return tuple(
            WeightedWord(word=self.words[one], weight=round(min(float(share[one]), 1.0), 4))
            for place, one in enumerate(strongest)
            if place == 0 or share[one] > LIKELY
        )


def _starts(ordered: Sequence[Reference]) -> list[int]:
    """Where a later sitting begins and enough is told from there on."""
    return [
        at
        for at in range(1, len(ordered) - ENOUGH + 1)
        if ordered[at].occurred_at > ordered[at - 1].occurred_at + SITTING
    ]


def _explained(
    told: Sequence[Reference], starts: Sequence[int], element: Element, before: Taste
) -> _Explained:
    liked = [one.word for one in before.preference[element][:WORDS_SHOWN]]
    disliked = [one.word for one in before.non_preference[element][:WORDS_SHOWN]]
    strength = np.array([TELLS[one.action] * np.log(STRENGTH) for one in told])
    strength *= [1 if one.side == "liked" else -1 for one in told]
    words = _told_of(told, strength, element, [*liked, *disliked])
    if len(words) < 2:
        nothing = np.full((len(starts), len(words), len(words)), -np.inf)
        return _Explained(words, np.eye(len(words)), nothing)
    shows = np.array([_row(one.shows(element), words) for one in told])  # (n, words)
    from_start = np.arange(len(told)) >= np.array(starts)[:, None]  # (starts, n)
    evidence = from_start @ (strength[:, None] * shows)  # (starts, words)
    by_chance = np.tensordot(
        from_start, _by_chance(strength, shows), 1
    )  # (starts, 0 to 2 liked, 0 to 2 disliked)
    sets, chance = _sets(len(words))
    fits = _fits(evidence, by_chance, sets, sets)
    fits -= _fits(evidence, by_chance, _set(liked, words), _set(disliked, words))
    together = np.log(chance[:, None] * chance)
    together[sets @ sets.T > 0] = -np.inf  # nobody likes and dislikes the same word
    return _Explained(words, sets, fits + together - np.logaddexp.reduce(together, axis=None))


def _fits(evidence: Floats, by_chance: Floats, liked: Floats, disliked: Floats) -> Floats:
    """How well each liked and disliked set explains what was told from each start, a logarithm.

    Of evidence (starts, words), what is explained by chance (starts, 3, 3) and sets of words
    (liked, words) and (disliked, words) it makes (starts, liked, disliked).
    """
    many, few = (sets.sum(axis=1).astype(int) for sets in (liked, disliked))
    shown = (evidence @ liked.T)[:, :, None] - (evidence @ disliked.T)[:, None, :]
    return np.asarray(shown - by_chance[:, many[:, None], few])


def _told_of(
    told: Sequence[Reference], strength: Floats, element: Element, before: Sequence[str]
) -> list[str]:
    """The words before, and those of which most was told, in order."""
    said = dict.fromkeys(before, np.inf)
    for one, how in zip(told, strength, strict=True):
        for word in one.shows(element):
            said[word] = said.get(word, 0.0) + abs(how)
    return sorted(sorted(said, key=lambda word: (-said[word], word))[:MOST_WORDS])


def _sets(words: int) -> tuple[Floats, Floats]:
    """All single words and all pairs, (sets, words), and the chance of each beforehand, (sets,)."""
    one = np.eye(words)
    two = np.array([one[a] + one[b] for a, b in combinations(range(words), 2)])
    chance = np.repeat([(1 - SEVERAL) / words, SEVERAL / len(two)], [words, len(two)])
    return np.concatenate([one, two]), chance


def _by_chance(strength: Floats, shows: Floats) -> Floats:
    """What a taste of so many liked and disliked words has to explain anyway, (n, 3, 3).

    The chance of what a reference shows under a taste is what its words make of it, over what they
    make of all words alike. `strength` (n,) is that of its action, below zero where it speaks
    against the image.
    """
    count = np.arange(WORDS_SHOWN + 1) / shows.shape[1]
    liked, disliked = np.expm1(strength), np.expm1(-strength)
    total = liked[:, None, None] * count[:, None] + disliked[:, None, None] * count
    anything = np.asarray(shows.any(axis=1))[:, None, None]
    return np.where(anything, np.log1p(total), 0.0)


def _row(shown: Sequence[str], words: Sequence[str]) -> Floats:
    return np.array([(word in shown) / max(len(shown), 1) for word in words])


def _set(named: Sequence[str], words: Sequence[str]) -> Floats:
    """One set of words, (1, words)."""
    return np.array([[float(word in named) for word in words]])


def _with(
    side: TasteSide, words: Mapping[Element, Words], *, against: Mapping[Element, Words]
) -> TasteSide:
    """The side with a changed element's words; what the other side has now is no longer here."""
    found: dict[str, Words] = {}
    for element in ELEMENTS:
        taken = {one.word for one in against.get(element, ())}
        kept = words.get(element, side[element])
        found[element.value] = tuple(one for one in kept if one.word not in taken)
    return TasteSide.model_validate(found)
