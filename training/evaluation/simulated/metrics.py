"""Compute the shares of right answers for a set of users, each with its interval over users."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from shared.domain.taste import ELEMENTS, Element
from training.evaluation.pairing import win
from training.evaluation.simulated.evaluate import CONDITIONS, PREDICTED, Answers
from training.prefersim.users.users import Words
from training.prefersim.values.similarity import similarity
from training.prefersim.values.synonyms import value_of
from training.statistics.bootstrap import share
from training.statistics.calibration import Calibration, calibration
from training.statistics.interval import Share
from training.statistics.score_comparison import probability_higher

NDCG_LENGTH: Final = 10
"""Places of a slate that NDCG counts."""
Side = tuple[Words, Words]
"""Predicted words and true words of one side of a profile."""


@dataclass(frozen=True)
class Metrics:
    """The metrics of one set, or of several sets together."""

    users: int
    accuracy: Mapping[str, Share]
    """By condition: how often the better image scores higher; a tie counts half."""
    by_element: Mapping[str, Share]
    """With the predicted profile, by the element that decides the pair."""
    profile: Mapping[str, Share]
    """Sides of predicted profiles whose words for an element mean exactly the true values."""
    profile_similarity: Share
    """Mean similarity of predicted to true words of both sides, 0-1; see `words_similarity`."""
    ndcg: Share | None
    """Mean NDCG@10 of slates of 20; None where no user of the set has one."""
    faithful: Share
    """Rationales that name what the image truly shows of their element."""
    calibration: Calibration
    """Of the probability that the better image of a pair has the higher total."""
    well_formed: Share
    """Predicted profiles that are completely readable."""


def metrics(answers: Sequence[Answers], *, seed: int) -> Metrics:
    """Every metric of these users."""

    def over_users(by_user: Iterable[Sequence[float]]) -> Share:
        return share(list(by_user), seed=seed)

    deciding = sorted({a.case.decided_by for a in answers})
    slates = [[_ndcg(a)] for a in answers if a.slate]
    return Metrics(
        users=len(answers),
        accuracy={c: over_users([better_wins(a, c)] for a in answers) for c in CONDITIONS},
        by_element={
            element: over_users([better_wins(a)] for a in answers if a.case.decided_by == element)
            for element in deciding
        },
        profile={e.label: over_users(_right_sides(a, e) for a in answers) for e in ELEMENTS},
        profile_similarity=over_users(profile_similarity(a) for a in answers),
        ndcg=over_users(slates) if slates else None,
        faithful=over_users(_faithful(a) for a in answers),
        calibration=calibration([probability_higher(*a.pairs[PREDICTED]) for a in answers]),
        well_formed=over_users([not a.predicted.problems] for a in answers),
    )


def better_wins(answers: Answers, condition: str = PREDICTED) -> float:
    """1 where the better image of the user's pair scores higher, one half for a tie, else 0."""
    better, worse = answers.pairs[condition]
    return win(better.total, worse.total)


def profile_similarity(answers: Answers) -> list[float]:
    """Similarity of the predicted to the true words, for each side and element."""
    return [
        words_similarity(element, _values(element, predicted), _values(element, true))
        for predicted, true in _sides(answers)
        for element in ELEMENTS
    ]


def words_similarity(element: Element, predicted: set[int | str], true: set[int | str]) -> float:
    """Similarity of two sets of values, 0-1: each value's best match, in both directions."""
    if not predicted or not true:
        return float(predicted == true)

    def similar(value: int | str, other: int | str) -> float:
        if isinstance(value, int) and isinstance(other, int):
            return similarity(element, value, other)
        return float(value == other)

    precision = [max(similar(value, other) for other in true) for value in predicted]
    recall = [max(similar(value, other) for other in predicted) for value in true]
    return float(np.mean(precision) + np.mean(recall)) / 2


def _sides(answers: Answers) -> tuple[Side, Side]:
    predicted, true = answers.predicted, answers.case
    return (dict(predicted.preference), true.likes), (dict(predicted.non_preference), true.dislikes)


def _right_sides(answers: Answers, element: Element) -> list[float]:
    return [
        float(_values(element, predicted) == _values(element, true))
        for predicted, true in _sides(answers)
    ]


def _values(element: Element, words: Words) -> set[int | str]:
    """The values that words mean; a word without a value stays a word."""
    values = ((word, value_of(element, word)) for word in words.get(element, ()))
    return {word if value is None else value for word, value in values}


def _faithful(answers: Answers) -> list[float]:
    """For each rationale, whether it begins with what the image shows."""
    shows = answers.case.better_shows
    return [
        float(text.startswith((f"{shows[element]} ", f"{shows[element]},")))
        for element, text in answers.rationales.by_element.items()
        if element in shows
    ]


def _ndcg(answers: Answers) -> float:
    assert answers.case.slate is not None
    return ndcg([scores.total for scores in answers.slate], answers.case.slate.relevance)


def ndcg(totals: Sequence[float], relevance: Sequence[float]) -> float:
    """NDCG@10; gains are the true totals 0-25, discounted by the logarithm of the place."""
    gains = np.array(relevance, np.float64)
    order = np.argsort([-total for total in totals], kind="stable")
    discounts = 1 / np.log2(np.arange(2, NDCG_LENGTH + 2))
    ideal = (np.sort(gains)[::-1][:NDCG_LENGTH] * discounts).sum()
    return float((gains[order][:NDCG_LENGTH] * discounts).sum() / ideal) if ideal else 1.0
