"""Ask a serving model everything about the users of one set, through the protocol that serves.

The users count all elements alike, whatever a version has learned of others: totals are plain sums.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from shared.domain.taste import Taste
from shared.prompting.prediction_voting import taste_by_vote
from shared.vlm.protocol import (
    Candidate,
    PredictedTaste,
    Rationales,
    ScoredCandidate,
    Scores,
    VisionLanguageModel,
)
from training.evaluation.held_out.evaluate import in_parts, plain_scores
from training.evaluation.simulated.cases import Case, opened
from training.prefersim.users.users import Words

PART: Final = 25
"""Users at once: their images are open together."""
PREDICTED, TOLD, NOBODY, SOMEBODY_ELSE = "predicted", "told", "nobody", "somebody else"
WHOSE: Final = (PREDICTED, TOLD, NOBODY, SOMEBODY_ELSE)
"""Whose taste: predicted from references, the true one told in synonyms, and two controls."""


@dataclass(frozen=True)
class Asked:
    """What the model said of one user."""

    case: Case
    predicted: PredictedTaste
    pairs: dict[str, tuple[Scores, Scores]]
    """By whose taste: the better and the worse candidate."""
    slate: tuple[Scores, ...]
    """Of the candidates of the user's slate, if there is one, with the predicted taste."""
    reasons: Rationales
    """For the better candidate, with the predicted taste."""


async def ask_pairs(model: VisionLanguageModel, cases: Sequence[Case]) -> list[Asked]:
    """Only what decides: tastes, and the pairs with the predicted ones."""
    predicted = await _predict(model, cases)
    asked: list[Asked] = []
    for at in range(0, len(cases), PART):
        part = list(zip(cases, predicted, strict=True))[at : at + PART]
        scores = iter(
            await plain_scores(
                model,
                [
                    Candidate(taste_by_vote([said]), opened(path))
                    for case, said in part
                    for path in (case.better, case.worse)
                ],
            )
        )
        asked += [
            Asked(case, said, {PREDICTED: (next(scores), next(scores))}, (), Rationales({}))
            for case, said in part
        ]
    return asked


async def ask(model: VisionLanguageModel, cases: Sequence[Case]) -> list[Asked]:
    """Every user; who is last lends a taste to who is first."""
    predicted = await _predict(model, cases)
    own = [taste_by_vote([answer]) for answer in predicted]
    answers: list[Asked] = []
    for at in range(0, len(cases), PART):
        places = range(at, min(at + PART, len(cases)))
        tastes = [
            (own[k], _taste(cases[k].said_likes, cases[k].said_dislikes), Taste(), own[k - 1])
            for k in places
        ]
        answers += await _part(model, [cases[k] for k in places], tastes, predicted[at:])
    return answers


async def _predict(model: VisionLanguageModel, cases: Sequence[Case]) -> list[PredictedTaste]:
    """From all references of each user at once."""
    predicted: list[PredictedTaste] = []
    for at in range(0, len(cases), PART):
        predicted += await model.predict([case.references() for case in cases[at : at + PART]])
    return predicted


async def _part(
    model: VisionLanguageModel,
    cases: Sequence[Case],
    tastes: Sequence[tuple[Taste, ...]],
    predicted: Sequence[PredictedTaste],
) -> list[Asked]:
    candidates = []
    for case, of_user in zip(cases, tastes, strict=True):
        pair = opened(case.better), opened(case.worse)
        candidates += [Candidate(taste, image) for taste in of_user for image in pair]
        if case.slate:
            candidates += [Candidate(of_user[0], opened(path)) for path in case.slate.images]
    scored = await plain_scores(model, candidates)
    both = iter(list(zip(candidates, scored, strict=True)))
    pairs, slates, to_explain = [], [], []
    for case in cases:
        found = [(next(both), next(both)) for _ in WHOSE]
        pairs.append({name: (b[1], w[1]) for name, (b, w) in zip(WHOSE, found, strict=True)})
        slates.append(tuple(next(both)[1] for _ in (case.slate.images if case.slate else ())))
        to_explain.append(ScoredCandidate(*found[0][0]))
    reasons = await in_parts(model.explain, to_explain)
    return [
        Asked(case, said, scores, slate, reason)
        for case, said, scores, slate, reason in zip(
            cases, predicted[: len(cases)], pairs, slates, reasons, strict=True
        )
    ]


def _taste(likes: Words, dislikes: Words) -> Taste:
    """A taste that is certain of its words."""
    return taste_by_vote([PredictedTaste(likes, dislikes)])
