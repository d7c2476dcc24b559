"""Tell from what later references show whether a taste has changed, and what it is since."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import numpy as np
import numpy.typing as npt

from services.profile.references import TELLS
from shared.prompt import WORDS_SHOWN
from shared.store.protocol import Reference
from shared.taste import ELEMENTS, Element, Taste, TasteSide, WeightedWord, Words

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
Floats = npt.NDArray[np.float64]


def since_changed(told: Sequence[Reference], before: Taste) -> Taste:
    """The taste as it is since it changed; `before` where nothing decisive speaks for a change.

    A change may have come between any two sittings. What was told from there on is explained
    either by the words before or by one liked and one disliked word, any of those seen with the
    same chance; each element may keep its words. How long ago it was told does not count.
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
    gain: Floats
    """Logarithm of how many times as well. (starts,)"""
    share: Floats
    """Probability of each liked and disliked word, given a change. (starts, words, words)"""

    def likes(self, at: int) -> WeightedWord:
        return self._strongest(self.share[at].sum(axis=1))

    def dislikes(self, at: int) -> WeightedWord:
        return self._strongest(self.share[at].sum(axis=0))

    def _strongest(self, share: Floats) -> WeightedWord:
        best = int(np.argmax(share))
        weight = round(min(float(share[best]), 1.0), 4)
        return WeightedWord(word=self.words[best], weight=weight)


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
    seen = {word for one in told for word in one.shows(element)}
    words = sorted({*seen, *liked, *disliked})
    if len(words) < 2:
        return _Explained(words, np.full(len(starts), -np.inf), np.zeros((len(starts), 0, 0)))
    shows = np.array([_row(one.shows(element), words) for one in told])  # (n, words)
    strength = np.array([TELLS[one.action] * np.log(STRENGTH) for one in told])
    strength *= [1 if one.side == "liked" else -1 for one in told]
    one_word = np.eye(len(words))
    same = _likelihood(shows, strength, _set(liked, words), _set(disliked, words))  # (n, 1)
    pairs = _likelihood(
        shows, strength, np.repeat(one_word, len(words), 0), np.tile(one_word, (len(words), 1))
    )  # (n, words * words)
    from_start = np.arange(len(told)) >= np.array(starts)[:, None]  # (starts, n)
    gains = from_start @ (pairs - same)
    gains[:, :: len(words) + 1] = -np.inf  # nobody likes and dislikes the same word
    total = np.logaddexp.reduce(gains, axis=1, keepdims=True)
    share = np.exp(gains - total).reshape(len(starts), len(words), len(words))
    return _Explained(words, total[:, 0] - np.log(len(words) * (len(words) - 1)), share)


def _likelihood(shows: Floats, strength: Floats, liked: Floats, disliked: Floats) -> Floats:
    """Logarithm of the chance of what each reference shows, up to what all tastes share.

    `strength` (n,) is that of its action, below zero where it speaks against the image; `liked`
    and `disliked` are the tastes to explain it by. (n, words), (tastes, words) -> (n, tastes)
    """
    drawn = strength[:, None] * (shows @ (liked - disliked).T)
    chance = 1 / shows.shape[1]
    of_liked, of_disliked = liked.sum(axis=1) * chance, disliked.sum(axis=1) * chance
    all_words = np.outer(np.expm1(strength), of_liked) + np.outer(np.expm1(-strength), of_disliked)
    return np.where(shows.any(axis=1, keepdims=True), drawn - np.log1p(all_words), 0.0)


def _row(shown: Sequence[str], words: Sequence[str]) -> Floats:
    return np.array([(word in shown) / max(len(shown), 1) for word in words])


def _set(named: Sequence[str], words: Sequence[str]) -> Floats:
    return np.array([[float(word in named) for word in words]])


def _with(
    side: TasteSide, words: dict[Element, WeightedWord], *, against: dict[Element, WeightedWord]
) -> TasteSide:
    """The side with a changed element's word; what the other side has now is no longer here."""
    found: dict[str, Words] = {}
    for element in ELEMENTS:
        taken = against[element].word if element in against else None
        kept = (words[element],) if element in words else side[element]
        found[element.value] = tuple(one for one in kept if one.word != taken)
    return TasteSide.model_validate(found)
