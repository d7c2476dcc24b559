"""Evaluate a model on the users of one set: profiles, pairs in four conditions, slates, rationales.

Simulated users weight all elements equally, so totals are plain sums: learned element weights are
not used.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from shared.domain.taste import Taste
from shared.images.decoding.image_file import read_image
from shared.prompting.prediction_voting import taste_by_vote
from shared.vlm.protocol import (
    PredictedTaste,
    Rationales,
    ScoredInput,
    Scores,
    ScoringInput,
    VisionLanguageModel,
)
from training.evaluation.controls import OTHER_USER, USER_BLIND, of_previous_user
from training.evaluation.scoring import batches, certain_profile, equal_weight_scores, in_batches
from training.evaluation.simulated.cases import Case

USERS_PER_CALL: Final = 25
"""Users whose images are in memory together."""
PREDICTED: Final = "predicted"
GIVEN: Final = "given"
CONDITIONS: Final = (PREDICTED, GIVEN, USER_BLIND, OTHER_USER)
"""Profiles: predicted from references, the true one given in synonyms, and two controls."""


@dataclass(frozen=True)
class Answers:
    """Answers of the model for one user."""

    case: Case
    predicted: PredictedTaste
    pairs: Mapping[str, tuple[Scores, Scores]]
    """By condition: the better and the worse candidate."""
    slate: tuple[Scores, ...]
    """The candidates of the user's slate, if there is one, with the predicted profile."""
    rationales: Rationales
    """For the better candidate, with the predicted profile."""


async def evaluate_pairs(model: VisionLanguageModel, cases: Sequence[Case]) -> list[Answers]:
    """Only predicted profiles, and the pairs scored with them."""
    predicted = await _predict(model, cases)
    answers: list[Answers] = []
    for part in batches(list(zip(cases, predicted, strict=True)), USERS_PER_CALL):
        candidates = [
            ScoringInput(taste_by_vote([prediction]), read_image(path))
            for case, prediction in part
            for path in (case.better, case.worse)
        ]
        scores = iter(await equal_weight_scores(model, candidates))
        answers += [
            Answers(case, prediction, {PREDICTED: (next(scores), next(scores))}, (), Rationales({}))
            for case, prediction in part
        ]
    return answers


async def evaluate(model: VisionLanguageModel, cases: Sequence[Case]) -> list[Answers]:
    """All answers for every user; `other_user` is the profile of the previous user."""
    predicted = await _predict(model, cases)
    own = [taste_by_vote([prediction]) for prediction in predicted]
    given = [certain_profile(c.likes_in_synonyms, c.dislikes_in_synonyms) for c in cases]
    profiles = [
        dict(zip(CONDITIONS, of_user, strict=True))
        for of_user in zip(own, given, [Taste()] * len(own), of_previous_user(own), strict=True)
    ]
    answers: list[Answers] = []
    for begin in range(0, len(cases), USERS_PER_CALL):
        part = slice(begin, begin + USERS_PER_CALL)
        answers += await _part(model, cases[part], profiles[part], predicted[part])
    return answers


async def _predict(model: VisionLanguageModel, cases: Sequence[Case]) -> list[PredictedTaste]:
    """From all references of each user in one prompt."""
    predicted: list[PredictedTaste] = []
    for part in batches(cases, USERS_PER_CALL):
        predicted += await model.predict([case.references() for case in part])
    return predicted


async def _part(
    model: VisionLanguageModel,
    cases: Sequence[Case],
    profiles: Sequence[Mapping[str, Taste]],
    predicted: Sequence[PredictedTaste],
) -> list[Answers]:
    candidates = []
    for case, by_condition in zip(cases, profiles, strict=True):
        pair = read_image(case.better), read_image(case.worse)
        candidates += [ScoringInput(by_condition[c], image) for c in CONDITIONS for image in pair]
        if case.slate:
            candidates += [
                ScoringInput(by_condition[PREDICTED], read_image(path))
                for path in case.slate.images
            ]
    scores = await equal_weight_scores(model, candidates)
    scored = iter(list(map(ScoredInput, candidates, scores)))
    pairs, slates, to_explain = [], [], []
    for case in cases:
        by_condition_scored = {c: (next(scored), next(scored)) for c in CONDITIONS}
        pairs.append({c: (b.scores, w.scores) for c, (b, w) in by_condition_scored.items()})
        slates.append(tuple(next(scored).scores for _ in (case.slate.images if case.slate else ())))
        to_explain.append(by_condition_scored[PREDICTED][0])
    rationales = await in_batches(model.explain, to_explain)
    return list(map(Answers, cases, predicted, pairs, slates, rationales))
