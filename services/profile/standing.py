"""Decide how much each reference still says: what was told later outdates what was told before."""

from collections.abc import Mapping, Sequence
from typing import Final

from shared.events.feedback import Action
from shared.store.protocol import Reference

TELLS: Final[Mapping[Action, float]] = {
    "reference_like": 1.0,
    "reference_dislike": 1.0,
    "like": 0.5,
    "dislike": 0.5,
    "hide": 0.5,
    "click": 0.25,
    "dwell": 0.25,
}
"""How much an action says when it is fresh: stated, said in passing, shown by behavior."""
HALF_LIFE: Final = 4.0
"""As much must be told later, of the same side, for a reference to count half: four statements,
eight likes or sixteen clicks. Counted and not timed: who is away for a year has not changed."""


def standings(newest_first: Sequence[Reference]) -> list[float]:
    """What each of one side's references says by now, over 0 and at most 1."""
    told_later = 0.0
    found = []
    for reference in newest_first:
        tells = TELLS[reference.action]
        found.append(tells * 0.5 ** (told_later / HALF_LIFE))
        told_later += tells
    return found
