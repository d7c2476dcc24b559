"""Say why an element got its score, and check that a reason and its score agree."""

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


def phrase(seen: str, relation: Relation, *, anchor: str = "") -> str:
    """A reason in words: what is seen, and how it stands to the taste (`anchor`: a taste word).

    Nothing is seen where an image does not tell, as a photograph's art style.
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


def relation_of(reason: str) -> Relation | None:
    """What a reason claims about its element, or None when it claims nothing we know."""
    text = reason.lower()
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


def agrees(reason: str, digit: int) -> bool:
    """Whether a reason says the same as its score (0-5); one that claims nothing does not agree."""
    relation = relation_of(reason)
    return relation is not None and digit in _AGREEING_DIGITS[relation]
