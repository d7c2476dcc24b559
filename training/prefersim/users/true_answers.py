"""Compute the true score of each element for a simulated user, with its rationale."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.domain.taste import ELEMENTS, Element
from shared.prompting.prompt import SideWords
from shared.prompting.rationale import Relation, rationale
from training.prefersim.values.synonyms import canonical, value_of
from training.prefersim.values.vocabulary import ORDINAL

LIKED, NEITHER, DISLIKED = 5, 2, 0
UNRELATED = 99
"""Distance to a word that means no value: larger than any distance between values."""


@dataclass(frozen=True)
class TrueScore:
    """The true digit 0-5 of one element, and the relation of its value to the taste."""

    value: str
    digit: int
    relation: Relation
    anchor: str = ""
    """The nearest word of the taste, for the relations `toward_liked` and `toward_disliked`."""

    @property
    def rationale(self) -> str:
        return rationale(self.value, self.relation, anchor=self.anchor)


def score_element(
    element: Element, value: str, *, likes: Sequence[str], dislikes: Sequence[str]
) -> TrueScore:
    """5 if the value is liked, 0 if disliked, 2 if neither; on a scale, 1-4 by the nearer side.

    The words of the taste may be synonyms: words with the same meaning count as the same.
    """
    meaning = canonical(element, value)
    if meaning in [canonical(element, word) for word in likes]:
        return TrueScore(value, LIKED, "liked")
    if meaning in [canonical(element, word) for word in dislikes]:
        return TrueScore(value, DISLIKED, "disliked")
    if not likes and not dislikes:
        return TrueScore(value, NEITHER, "unknown")
    if element in ORDINAL and likes and dislikes:
        return _graded(element, value, likes=likes, dislikes=dislikes)
    return TrueScore(value, NEITHER, "neither")


def score_elements(
    shows: Mapping[Element, str], *, likes: SideWords, dislikes: SideWords
) -> dict[Element, TrueScore]:
    """The true score of every known element of an image; a drawing has all five."""
    return {
        e: score_element(e, shows[e], likes=likes.get(e, ()), dislikes=dislikes.get(e, ()))
        for e in ELEMENTS
        if e in shows
    }


def true_total(shows: Mapping[Element, str], *, likes: SideWords, dislikes: SideWords) -> int:
    """The true score of an image: the sum of its digits, 0-25."""
    return sum(
        score.digit for score in score_elements(shows, likes=likes, dislikes=dislikes).values()
    )


def _graded(
    element: Element, value: str, *, likes: Sequence[str], dislikes: Sequence[str]
) -> TrueScore:
    def steps(word: str) -> int:
        level, own_level = value_of(element, word), value_of(element, value)
        return UNRELATED if level is None or own_level is None else abs(level - own_level)

    nearest_liked, nearest_disliked = min(likes, key=steps), min(dislikes, key=steps)
    to_liked, to_disliked = steps(nearest_liked), steps(nearest_disliked)
    if to_liked == to_disliked:
        return TrueScore(value, NEITHER, "neither")
    share = to_disliked / (to_liked + to_disliked)
    digit = min(max(int(5 * share + 0.5), 1), 4)
    if to_liked < to_disliked:
        return TrueScore(value, digit, "toward_liked", nearest_liked)
    return TrueScore(value, digit, "toward_disliked", nearest_disliked)
