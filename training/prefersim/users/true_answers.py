"""What a simulated user would answer: the digit of each element, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.domain.taste import ELEMENTS, Element
from shared.prompting.prompt import SideWords
from shared.prompting.rationale import Relation, rationale
from training.prefersim.values.synonyms import canonical, value_of
from training.prefersim.values.vocabulary import ORDINAL

LIKED, NEITHER, DISLIKED = 5, 2, 0
UNRELATED = 99
"""Steps to a word that means no value: farther than any that does."""


@dataclass(frozen=True)
class Judgement:
    """One element's digit 0-5 and how what is seen stands to the taste."""

    seen: str
    digit: int
    relation: Relation
    anchor: str = ""

    @property
    def reason(self) -> str:
        return rationale(self.seen, self.relation, anchor=self.anchor)


def judge(
    element: Element, seen: str, *, likes: Sequence[str], dislikes: Sequence[str]
) -> Judgement:
    """5 liked, 0 disliked, 2 neither; where the values have an order, between by nearness.

    A taste may be told in synonyms: words that mean the same value are the same.
    """
    shown = canonical(element, seen)
    if shown in [canonical(element, word) for word in likes]:
        return Judgement(seen, LIKED, "liked")
    if shown in [canonical(element, word) for word in dislikes]:
        return Judgement(seen, DISLIKED, "disliked")
    if not likes and not dislikes:
        return Judgement(seen, NEITHER, "unknown")
    if element in ORDINAL and likes and dislikes:
        return _graded(element, seen, likes=likes, dislikes=dislikes)
    return Judgement(seen, NEITHER, "neither")


def judge_all(
    shows: Mapping[Element, str], *, likes: SideWords, dislikes: SideWords
) -> dict[Element, Judgement]:
    """Every element that an image is known to show: of a drawing all five."""
    return {
        e: judge(e, shows[e], likes=likes.get(e, ()), dislikes=dislikes.get(e, ()))
        for e in ELEMENTS
        if e in shows
    }


def true_total(shows: Mapping[Element, str], *, likes: SideWords, dislikes: SideWords) -> int:
    """0-25."""
    return sum(j.digit for j in judge_all(shows, likes=likes, dislikes=dislikes).values())


def _graded(
    element: Element, seen: str, *, likes: Sequence[str], dislikes: Sequence[str]
) -> Judgement:
    def steps(word: str) -> int:
        place, seen_at = value_of(element, word), value_of(element, seen)
        return UNRELATED if place is None or seen_at is None else abs(place - seen_at)

    nearest_liked, nearest_disliked = min(likes, key=steps), min(dislikes, key=steps)
    to_liked, to_disliked = steps(nearest_liked), steps(nearest_disliked)
    if to_liked == to_disliked:
        return Judgement(seen, NEITHER, "neither")
    share = to_disliked / (to_liked + to_disliked)
    digit = min(max(int(5 * share + 0.5), 1), 4)
    if to_liked < to_disliked:
        return Judgement(seen, digit, "toward_liked", nearest_liked)
    return Judgement(seen, digit, "toward_disliked", nearest_disliked)
