"""What a simulated user would answer: the digit of each element, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.prompt import SpokenTaste
from shared.reason import Relation, phrase
from shared.taste import ELEMENTS, Element
from training.prefersim.vocabulary import ORDINAL, VALUES

LIKED, NEITHER, DISLIKED = 5, 2, 0


@dataclass(frozen=True)
class Judgement:
    """One element's digit 0-5 and how what is seen stands to the taste."""

    seen: str
    digit: int
    relation: Relation
    anchor: str = ""

    @property
    def reason(self) -> str:
        return phrase(self.seen, self.relation, anchor=self.anchor)


def judge(
    element: Element, seen: str, *, likes: Sequence[str], dislikes: Sequence[str]
) -> Judgement:
    """5 liked, 0 disliked, 2 neither; where the values have an order, between by nearness."""
    if seen in likes:
        return Judgement(seen, LIKED, "liked")
    if seen in dislikes:
        return Judgement(seen, DISLIKED, "disliked")
    if not likes and not dislikes:
        return Judgement(seen, NEITHER, "unknown")
    if element in ORDINAL and likes and dislikes:
        return _graded(element, seen, likes=likes, dislikes=dislikes)
    return Judgement(seen, NEITHER, "neither")


def judge_all(
    shows: Mapping[Element, str], *, likes: SpokenTaste, dislikes: SpokenTaste
) -> dict[Element, Judgement]:
    """Every element of one drawing."""
    return {
        e: judge(e, shows[e], likes=likes.get(e, ()), dislikes=dislikes.get(e, ()))
        for e in ELEMENTS
    }


def true_total(shows: Mapping[Element, str], *, likes: SpokenTaste, dislikes: SpokenTaste) -> int:
    """0-25."""
    return sum(j.digit for j in judge_all(shows, likes=likes, dislikes=dislikes).values())


def _graded(
    element: Element, seen: str, *, likes: Sequence[str], dislikes: Sequence[str]
) -> Judgement:
    place = VALUES[element].index

    def steps(word: str) -> int:
        return abs(place(word) - place(seen))

    nearest_liked, nearest_disliked = min(likes, key=steps), min(dislikes, key=steps)
    to_liked, to_disliked = steps(nearest_liked), steps(nearest_disliked)
    if to_liked == to_disliked:
        return Judgement(seen, NEITHER, "neither")
    share = to_disliked / (to_liked + to_disliked)
    digit = min(max(int(5 * share + 0.5), 1), 4)
    if to_liked < to_disliked:
        return Judgement(seen, digit, "toward_liked", nearest_liked)
    return Judgement(seen, digit, "toward_disliked", nearest_disliked)
