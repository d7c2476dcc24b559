"""Write the rationale of an element's score, and check that a rationale agrees with a score."""

import re
from typing import Final, Literal, get_args

Relation = Literal[
    "liked", "disliked", "neither", "toward_liked", "toward_disliked", "unknown", "unseen"
]
RELATIONS: Final[tuple[Relation, ...]] = get_args(Relation)

_AGREEING_DIGITS: Final[dict[Relation, frozenset[int]]] = {
    "liked": frozenset({4, 5}),
    "disliked": frozenset({0, 1}),
    "neither": frozenset({1, 2, 3}),
    "unknown": frozenset({1, 2, 3}),
    "unseen": frozenset({1, 2, 3}),
    "toward_liked": frozenset({3, 4, 5}),
    "toward_disliked": frozenset({0, 1, 2}),
}


def rationale(seen: str, relation: Relation, *, anchor: str = "") -> str:
    """The rationale for the word `seen` in an image and its relation to the taste.

    `anchor` is the closest word of the taste. The relation is `unseen` where an image does not show
    the element, such as the art style of a photograph.
    """
    match relation:
        case "liked" | "disliked":
            return f"{seen} is {relation}"
        case "neither":
            return f"{seen} is neither liked nor disliked"
        case "toward_liked":
            return f"{seen} is closer to {anchor}, which is liked"
        case "toward_disliked":
            return f"{seen} is closer to {anchor}, which is disliked"
        case "unknown":
            return f"{seen}, and no taste is known"
        case "unseen":
            return "it cannot be told"


_SEEN: Final = re.compile(
    r"(?P<seen>.+?)(?: is (?:liked|disliked|neither liked nor disliked)"
    r"| is closer to .+, which is (?:liked|disliked)|, and no taste is known)"
)


def seen_word(text: str) -> str | None:
    """The word that a rationale of the form of `rationale` names; None in any other text."""
    match = _SEEN.fullmatch(text.strip())
    return match["seen"] if match else None


def claimed_relation(text: str) -> Relation | None:
    """The relation that a rationale claims, or None when it claims none of `RELATIONS`."""
    text = text.lower()
    if "neither" in text:
        return "neither"
    if "no taste is known" in text:
        return "unknown"
    if "cannot be told" in text:
        return "unseen"
    if "closer to" in text:
        return "toward_disliked" if "disliked" in text else "toward_liked"
    if "disliked" in text:
        return "disliked"
    return "liked" if "liked" in text else None


def agrees(text: str, digit: int) -> bool:
    """Whether a rationale agrees with its score (0-5); one without a claim does not agree."""
    relation = claimed_relation(text)
    return relation is not None and digit in _AGREEING_DIGITS[relation]
