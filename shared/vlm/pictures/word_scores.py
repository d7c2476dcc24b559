"""Score a picture from its words, and name the reason: the rule on which nano was trained.

A liked word scores 5, a disliked one 0, another word 2. On an ordered scale a word scores 1 to 4 by
the nearer side (`training/prefersim/users/true_answers.py`; a test compares the two).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from shared.domain.taste import ELEMENTS, Element, Taste
from shared.prompting.prompt import UNKNOWN, SideWords, shown_words
from shared.prompting.rationale import Relation, rationale
from shared.vlm.pictures.shown_words import ShownWords
from shared.vlm.pictures.vocabulary import meaning, steps_between

DIGITS: Final = 6
LIKED, NEITHER, DISLIKED = 5, 2, 0
CERTAIN: Final = 0.97
"""Probability of a digit that follows from a word that is sure; the rest is evenly spread."""


@dataclass(frozen=True)
class WordScore:
    """The digit 0-5 of one word, and its relation to the taste."""

    word: str
    digit: int
    relation: Relation
    anchor: str = ""
    """The nearest word of the taste, for the relations `toward_liked` and `toward_disliked`."""

    @property
    def rationale(self) -> str:
        return rationale(self.word, self.relation, anchor=self.anchor)


def word_score(
    element: Element, word: str | None, *, likes: Sequence[str], dislikes: Sequence[str]
) -> WordScore:
    """The score of the word that a picture shows; None is an unknown element."""
    if word is None:
        return WordScore(UNKNOWN, NEITHER, "unseen")
    value = meaning(element, word)
    if value in [meaning(element, liked) for liked in likes]:
        return WordScore(word, LIKED, "liked")
    if value in [meaning(element, disliked) for disliked in dislikes]:
        return WordScore(word, DISLIKED, "disliked")
    if not likes and not dislikes:
        return WordScore(word, NEITHER, "unknown")
    nearest_liked = _nearest(element, value, likes)
    nearest_disliked = _nearest(element, value, dislikes)
    if nearest_liked is None or nearest_disliked is None:
        return WordScore(word, NEITHER, "neither")
    (to_liked, liked), (to_disliked, disliked) = nearest_liked, nearest_disliked
    if to_liked == to_disliked:
        return WordScore(word, NEITHER, "neither")
    digit = min(max(int(5 * to_disliked / (to_liked + to_disliked) + 0.5), 1), 4)
    if to_liked < to_disliked:
        return WordScore(word, digit, "toward_liked", liked)
    return WordScore(word, digit, "toward_disliked", disliked)


def digit_probabilities(shown: ShownWords, taste: Taste) -> dict[Element, tuple[float, ...]]:
    """For each element the probabilities of the digits 0-5, from those of the picture's words."""
    likes, dislikes = shown_words(taste.preference), shown_words(taste.non_preference)
    return {e: _digits(e, shown, likes=likes, dislikes=dislikes) for e in ELEMENTS}


def rationales(
    shown: ShownWords, taste: Taste, digits: Mapping[Element, int]
) -> dict[Element, str]:
    """The rationale of each element whose word has the digit that was scored."""
    likes, dislikes = shown_words(taste.preference), shown_words(taste.non_preference)
    scores = {
        e: word_score(e, shown.word(e), likes=likes.get(e, ()), dislikes=dislikes.get(e, ()))
        for e in ELEMENTS
    }
    return {e: score.rationale for e, score in scores.items() if score.digit == digits[e]}


def _digits(
    element: Element, shown: ShownWords, *, likes: SideWords, dislikes: SideWords
) -> tuple[float, ...]:
    words = shown.probabilities.get(element, {})
    sides = {"likes": likes.get(element, ()), "dislikes": dislikes.get(element, ())}
    spread = (1 - CERTAIN) / DIGITS
    probabilities = [spread] * DIGITS
    for word, probability in words.items():
        probabilities[word_score(element, word, **sides).digit] += CERTAIN * probability
    probabilities[NEITHER] += CERTAIN * max(0.0, 1 - sum(words.values()))
    total = sum(probabilities)
    return tuple(p / total for p in probabilities)


def _nearest(element: Element, value: str, words: Sequence[str]) -> tuple[int, str] | None:
    """Steps to the nearest word of a side, and that word; None where no word is on the scale."""
    steps = [(steps_between(element, value, meaning(element, word)), word) for word in words]
    known = [(distance, word) for distance, word in steps if distance is not None]
    return min(known, key=lambda pair: pair[0]) if known else None
