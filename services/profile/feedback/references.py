"""Decide which images speak for and against a taste, and how many of them are kept."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from shared.events import Feedback
from shared.events.types.feedback import Action
from shared.store.protocol import Reference, Side

TELLS: Final[Mapping[Action, float]] = {
    "reference_like": 1.0,
    "reference_dislike": 1.0,
    "like": 0.5,
    "dislike": 0.5,
    "hide": 0.5,
    "click": 0.25,
    "dwell": 0.25,
}
"""How much one reference says: stated, said in passing, shown by behavior."""
_SIDES: Final[dict[Action, Side]] = {
    "reference_like": "liked",
    "like": "liked",
    "click": "liked",
    "dwell": "liked",
    "reference_dislike": "disliked",
    "dislike": "disliked",
    "hide": "disliked",
}


def side_of(event: Feedback, *, dwell_liked_ms: int) -> Side | None:
    """What an action says about an image; None for a view or a short look, which say nothing."""
    if event.type == "dwell" and (event.dwell_ms or 0) < dwell_liked_ms:
        return None
    return _SIDES.get(event.type)


def merged(
    kept: Sequence[Reference], new: Iterable[Reference], *, per_side: int
) -> tuple[Reference, ...]:
    """All references, one an image, bounded a side: the most telling first.

    A later word about an image replaces an earlier one, except that a click does not take back
    what the person stated. When room is short, the oldest of the least telling goes first. The
    outcome does not depend on the order in which the references come.
    """
    by_image: dict[str, Reference] = {}
    for reference in sorted([*kept, *new], key=_told_at):
        known = by_image.get(reference.content_hash)
        if known is None or _tells(reference) >= _tells(known):
            by_image[reference.content_hash] = reference
    ranked = sorted(by_image.values(), key=_told_at, reverse=True)
    ranked.sort(key=_tells, reverse=True)
    sides: tuple[Side, ...] = ("liked", "disliked")
    return tuple(
        reference
        for side in sides
        for reference in [r for r in ranked if r.side == side][:per_side]
    )


def of_side(references: Iterable[Reference], side: Side) -> list[Reference]:
    return [reference for reference in references if reference.side == side]


def says(references: Iterable[Reference]) -> float:
    """Of several together."""
    return sum(map(_tells, references))


def _told_at(reference: Reference) -> tuple[object, str]:
    return (reference.occurred_at, reference.event_id)


def _tells(reference: Reference) -> float:
    return TELLS[reference.action]
