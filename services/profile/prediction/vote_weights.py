"""Weight each prediction's vote by its references: their actions, and the words they show."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.profile.feedback.references import ACTION_WEIGHTS
from shared.domain.taste import ELEMENTS, Element
from shared.domain.word_forms import canonical
from shared.prompting.prediction_voting import VoteWeight, WordSupport
from shared.store.protocol import Reference
from shared.vlm.protocol import PredictedTaste


@dataclass(frozen=True)
class GroupPrediction:
    """One group's references of each side and the taste that the model predicted from them."""

    liked: Sequence[Reference]
    disliked: Sequence[Reference]
    predicted: PredictedTaste


def vote_weights(predictions: Sequence[GroupPrediction]) -> list[VoteWeight]:
    """One weight per prediction, in order; a single prediction's words all count in full."""
    has_support = len(predictions) > 1
    return [
        VoteWeight(
            preference=_weight(group.liked),
            non_preference=_weight(group.disliked),
            preference_support=_support(group.predicted.preference, group.liked)
            if has_support
            else {},
            non_preference_support=(
                _support(group.predicted.non_preference, group.disliked) if has_support else {}
            ),
        )
        for group in predictions
    ]


def _weight(references: Iterable[Reference]) -> float:
    return sum(ACTION_WEIGHTS[reference.action] for reference in references)


def _support(
    predicted: Mapping[Element, tuple[str, ...]], references: Sequence[Reference]
) -> WordSupport:
    """The share of the images that show each predicted word, to a power set by the actions.

    The power is 1 for stated references, 2 for likes and dislikes, 4 for clicks: statements that
    differ are several tastes, clicks that differ are chance. A word that four of five images show
    keeps four fifths of a vote of statements, and two fifths of a vote of clicks. An element that
    the model describes in other words than it predicts keeps its full vote.
    """
    power = len(references) / (_weight(references) or 1.0)
    support = {}
    for element in ELEMENTS:
        shown = [w for r in references for w in {canonical(w) for w in r.described_words(element)}]
        words = {canonical(word) for word in predicted.get(element, ())}
        if any(word in shown for word in words):
            support[element] = {w: (shown.count(w) / len(references)) ** power for w in words}
    return support
