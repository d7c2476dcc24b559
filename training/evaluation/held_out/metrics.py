"""Compute each share of a held-out evaluation, with its interval over users."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from shared.domain.taste import ELEMENTS, Element
from shared.prompting.rationale import agrees
from shared.vlm.protocol import Description, PredictedTaste, Rationales, Scores
from training.evaluation.held_out.report import KINDS, HeldOutReport
from training.evaluation.held_out.users import HeldOutUser, ImagePair, PairKind
from training.evaluation.pairing import win
from training.statistics.bootstrap import share
from training.statistics.interval import Share

PREDICTED: Final = "predicted"


class ScoredPair(NamedTuple):
    """A pair of images and the scores of both."""

    pair: ImagePair
    better: Scores
    worse: Scores


@dataclass(frozen=True)
class Answers:
    """Answers of the model for one user."""

    user: HeldOutUser
    predicted: PredictedTaste
    description: Description
    """Of the better image of the first pair."""
    pairs: Mapping[str, Sequence[ScoredPair]]
    """By condition: the scores of the user's pairs."""
    rationales: Rationales
    """For the better image of the first pair, with the predicted profile."""


def metrics(answers: Sequence[Answers], *, version: str, seed: int) -> HeldOutReport:
    """Every share of these users."""

    def over_users(by_user: Iterable[Sequence[float]]) -> Share:
        return share(list(by_user), seed=seed)

    def by_kind(condition: str, users: Sequence[Answers]) -> dict[str, Share]:
        return {kind: over_users(_wins(a, condition, kind=kind) for a in users) for kind in KINDS}

    groups = sorted({str(a.user.kind) for a in answers})
    return HeldOutReport(
        model_version=version,
        users=len(answers),
        seed=seed,
        pairs={condition: by_kind(condition, answers) for condition in answers[0].pairs},
        predicted_by_group={
            group: by_kind(PREDICTED, [a for a in answers if str(a.user.kind) == group])
            for group in groups
        },
        predicted_by_element={
            e.label: over_users(_wins(a, PREDICTED, element=e) for a in answers) for e in ELEMENTS
        },
        profile={e.label: over_users(_right_sides(a, e) for a in answers) for e in ELEMENTS},
        description={e.label: over_users([_described(a, e)] for a in answers) for e in ELEMENTS},
        well_formed={
            "predict": over_users([not a.predicted.problems] for a in answers),
            "describe": over_users([not a.description.problems] for a in answers),
            "explain": over_users([not a.rationales.problems] for a in answers),
        },
        rationales_agree=over_users(_agreeing(a) for a in answers),
    )


def _wins(
    answers: Answers,
    condition: str,
    *,
    kind: PairKind | None = None,
    element: Element | None = None,
) -> list[float]:
    """1 for each pair whose better image scores higher, one half for a tie, else 0.

    Only pairs of this kind, or pairs that differ in this element.
    """
    return [
        win(better.total, worse.total)
        for pair, better, worse in answers.pairs[condition]
        if kind in (None, pair.kind) and element in (None, pair.element)
    ]


def _right_sides(answers: Answers, element: Element) -> list[bool]:
    """For each side, whether the predicted words are exactly the true words."""
    predicted, user = answers.predicted, answers.user
    sides = (predicted.preference, user.likes), (predicted.non_preference, user.dislikes)
    return [set(words.get(element, ())) == set(true[element]) for words, true in sides]


def _described(answers: Answers, element: Element) -> bool:
    true = answers.user.pairs[0].better_shows[element]
    return answers.description.words.get(element) == (true,)


def _agreeing(answers: Answers) -> list[bool]:
    """For each element, whether the rationale agrees with the score; a missing one does not."""
    rationales, scores = answers.rationales.by_element, answers.pairs[PREDICTED][0].better
    return [agrees(rationales.get(e, ""), scores.mode(e)) for e in ELEMENTS]
