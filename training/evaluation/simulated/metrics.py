"""Count what a model got right about a set's users, each share with its interval over users."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from shared.domain.taste import ELEMENTS, Element
from shared.vlm.protocol import Scores
from training.evaluation.simulated.evaluate import PREDICTED, WHOSE, Asked
from training.prefersim.users.users import Words
from training.prefersim.values.similarity import similarity
from training.prefersim.values.synonyms import value_of
from training.statistics.bootstrap import share
from training.statistics.calibration import Calibration, calibration
from training.statistics.interval import Share
from training.statistics.score_comparison import probability_higher

AT: Final = 10
"""Places of a slate that are looked at: NDCG@10."""


@dataclass(frozen=True)
class Counted:
    """One set, or several taken together."""

    users: int
    accuracy: Mapping[str, Share]
    """By whose taste: how often the better image scored higher; a tie counts half."""
    by_element: Mapping[str, Share]
    """With the predicted taste, by the element that decides the pair."""
    profile: Mapping[str, Share]
    """Sides of predicted tastes whose words for an element mean exactly the true values."""
    profile_similarity: Share
    """Of the words of both sides to the true ones, 0-1; see `side_likeness`."""
    ndcg: Share | None
    """At 10, of slates of 20; None where no user of the set has one."""
    faithful: Share
    """Reasons that name what the image truly shows of their element."""
    calibration: Calibration
    """Of the probability that the better image of a pair has the higher total."""
    well_formed: Share
    """Predicted tastes that could be read whole."""


def count(asked: Sequence[Asked], *, seed: int) -> Counted:
    def over_users(values: Sequence[Sequence[float]]) -> Share:
        return share([list(one) for one in values if len(one)], seed=seed)

    deciding = sorted({one.case.decided_by for one in asked})
    slates = [[_ndcg(one)] for one in asked if one.slate]
    return Counted(
        users=len(asked),
        accuracy={
            name: over_users([[preferred(*one.pairs[name])] for one in asked]) for name in WHOSE
        },
        by_element={
            name: over_users(
                [[preferred(*a.pairs[PREDICTED])] for a in asked if a.case.decided_by == name]
            )
            for name in deciding
        },
        profile={e.spoken: over_users([_right_sides(one, e) for one in asked]) for e in ELEMENTS},
        profile_similarity=over_users([likeness(one) for one in asked]),
        ndcg=over_users(slates) if slates else None,
        faithful=over_users([_faithful(one) for one in asked]),
        calibration=calibration([probability_higher(*one.pairs[PREDICTED]) for one in asked]),
        well_formed=over_users([[not one.predicted.problems] for one in asked]),
    )


def preferred(better: Scores, worse: Scores) -> float:
    """1 when the better image scores higher, one half for a tie."""
    return 0.5 if better.total == worse.total else float(better.total > worse.total)


def _sides(one: Asked) -> tuple[tuple[Words, Words], tuple[Words, Words]]:
    said, true = one.predicted, one.case
    return (dict(said.likes), true.likes), (dict(said.dislikes), true.dislikes)


def _right_sides(one: Asked, element: Element) -> list[float]:
    return [float(_values(element, said) == _values(element, true)) for said, true in _sides(one)]


def _values(element: Element, words: Words) -> set[int | str]:
    """What words mean, as values; a word that means none stays itself."""
    meant = ((word, value_of(element, word)) for word in words.get(element, ()))
    return {word if value is None else value for word, value in meant}


def likeness(one: Asked) -> list[float]:
    """Of each element and side of the predicted taste to the true one."""
    return [
        side_likeness(element, _values(element, said), _values(element, true))
        for said, true in _sides(one)
        for element in ELEMENTS
    ]


def side_likeness(element: Element, said: set[int | str], true: set[int | str]) -> float:
    """How alike two sets of values are, 0-1: each word's best likeness, in both directions."""
    if not said or not true:
        return float(said == true)

    def alike(one: int | str, other: int | str) -> float:
        if isinstance(one, int) and isinstance(other, int):
            return similarity(element, one, other)
        return float(one == other)

    forth = [max(alike(one, other) for other in true) for one in said]
    back = [max(alike(one, other) for other in said) for one in true]
    return float(np.mean(forth) + np.mean(back)) / 2


def _faithful(one: Asked) -> list[float]:
    """For every reason that was given: whether it begins with what the image shows."""
    shows = one.case.better_shows
    return [
        float(text.startswith((f"{shows[element]} ", f"{shows[element]},")))
        for element, text in one.reasons.by_element.items()
        if element in shows
    ]


def _ndcg(one: Asked) -> float:
    """Gains are the true totals 0-25, discounted by the logarithm of the place."""
    assert one.case.slate is not None
    gains = np.array(one.case.slate.relevance, np.float64)
    order = np.argsort([-scores.total for scores in one.slate], kind="stable")
    discounts = 1 / np.log2(np.arange(2, AT + 2))
    best = (np.sort(gains)[::-1][:AT] * discounts).sum()
    return float((gains[order][:AT] * discounts).sum() / best) if best else 1.0
