"""Decide how much each prediction of a person's taste counts: what its references say, and whether
what was told later agrees."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.profile.references import TELLS
from shared.store.protocol import Reference
from shared.taste import ELEMENTS
from shared.vlm.protocol import PredictedTaste
from shared.vote import Voice

CONFIRMED: Final = 0.2
"""Agreement with later predictions, -1 to 1, from which on an earlier one counts in full. Nine in
ten people whose taste stays have more than .16, half of those who changed it less than .13."""
SITTING: Final = 60.0
"""Seconds within which nothing is later: who shows ten images at once means all of them."""
FORGOTTEN: Final = 0.02
"""What is left of one that later ones contradict: enough to break a tie."""


@dataclass(frozen=True)
class Heard:
    """One prediction and the references of each side that it rests on."""

    liked: Sequence[Reference]
    disliked: Sequence[Reference]
    said: PredictedTaste

    @property
    def told_at(self) -> float:
        """The mean moment of its references, seconds."""
        moments = [one.occurred_at.timestamp() for one in (*self.liked, *self.disliked)]
        return sum(moments) / len(moments)


def voices(heard: Sequence[Heard]) -> list[Voice]:
    """One for each, in the order given; what matters is what was told later, not how much later."""
    return [
        _voice(one, [other for other in heard if other.told_at > one.told_at + SITTING])
        for one in heard
    ]


def agreement(one: PredictedTaste, other: PredictedTaste) -> float:
    """-1 to 1: the mean over elements of the words shared a side, less those on opposite sides."""
    found = 0.0
    for element in ELEMENTS:
        likes, dislikes = one.likes.get(element, ()), one.dislikes.get(element, ())
        others = other.likes.get(element, ()), other.dislikes.get(element, ())
        found += _shared(likes, others[0]) + _shared(dislikes, others[1])
        found -= _shared(likes, others[1]) + _shared(dislikes, others[0])
    return found / (2 * len(ELEMENTS))


def _voice(one: Heard, later: Sequence[Heard]) -> Voice:
    held = _confirmation(one, later)
    return Voice(likes=held * _says(one.liked), dislikes=held * _says(one.disliked))


def _confirmation(one: Heard, later: Sequence[Heard]) -> float:
    if not later:
        return 1.0
    says = [_says(other.liked) + _says(other.disliked) for other in later]
    agreed = sum(
        weight * agreement(one.said, other.said) for weight, other in zip(says, later, strict=True)
    ) / sum(says)
    return min(1.0, max(FORGOTTEN, agreed / CONFIRMED))


def _says(references: Sequence[Reference]) -> float:
    return sum(TELLS[reference.action] for reference in references)


def _shared(words: Sequence[str], others: Sequence[str]) -> float:
    """Of the shorter list, how much is in the other one."""
    least = min(len(words), len(others))
    return len(set(words) & set(others)) / least if least else 0.0
