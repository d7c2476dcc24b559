"""Map each feedback action to the side it speaks for and to its weight."""

from collections.abc import Mapping
from typing import Final

from shared.events import Feedback
from shared.events.types.feedback import Action
from shared.store.protocol import Side

ACTION_WEIGHTS: Final[Mapping[Action, float]] = {
    "reference_like": 1.0,
    "reference_dislike": 1.0,
    "like": 0.5,
    "dislike": 0.5,
    "hide": 0.5,
    "click": 0.25,
    "dwell": 0.25,
}
"""Evidence of one reference: stated references, likes and dislikes, implicit feedback."""
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
    """The side of an event; None for a view or a short dwell, which are no evidence."""
    if event.type == "dwell" and (event.dwell_ms or 0) < dwell_liked_ms:
        return None
    return _SIDES.get(event.type)
