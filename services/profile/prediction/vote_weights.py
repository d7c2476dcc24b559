"""Decide how much each predicted word counts: what its references say, and how many show it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.profile.feedback.references import says
from shared.domain.taste import ELEMENTS, Element
from shared.prompting.prediction_voting import Backing, Voice
from shared.store.protocol import Reference
from shared.vlm.protocol import PredictedTaste


@dataclass(frozen=True)
class Heard:
    """One prediction and the references of each side that it rests on."""

    liked: Sequence[Reference]
    disliked: Sequence[Reference]
    said: PredictedTaste


def voices(heard: Sequence[Heard]) -> list[Voice]:
    """One for each, in the order given; one prediction alone is taken at its word."""
    if len(heard) == 1:
        return [Voice(likes=says(heard[0].liked), dislikes=says(heard[0].disliked))]
    return [
        Voice(
            likes=says(one.liked),
            dislikes=says(one.disliked),
            likes_backing=_backing(one.said.likes, one.liked),
            dislikes_backing=_backing(one.said.dislikes, one.disliked),
        )
        for one in heard
    ]


def _backing(named: Mapping[Element, tuple[str, ...]], references: Sequence[Reference]) -> Backing:
    """Of each word the share of the images that show it: to the power of 1 for statements, 2 for
    what was said in passing, 4 for clicks.

    Statements that differ are several tastes, clicks that differ are chance: a word that four of
    five show has four fifths of a voice of statements, and two fifths of a voice of clicks. An
    element that the model describes in other words than it predicts is not judged.
    """
    power = len(references) / (says(references) or 1.0)
    found = {}
    for element in ELEMENTS:
        shown = [word for one in references for word in set(one.shows(element))]
        words = named.get(element, ())
        if any(word in shown for word in words):
            found[element] = {w: (shown.count(w) / len(references)) ** power for w in words}
    return found
