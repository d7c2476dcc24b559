"""Evaluate a model on held-out users: predict every profile, score every pair in four conditions.

All calls go through `shared.vlm.protocol`, as in the services, so the serving code is measured.
"""

from collections.abc import Sequence
from typing import Final

from shared.domain.taste import Taste
from shared.prompting.prediction_voting import taste_by_vote
from shared.vlm.protocol import ScoredInput, ScoringInput, VisionLanguageModel
from training.evaluation.controls import OTHER_USER, USER_BLIND, of_next_user
from training.evaluation.held_out.metrics import PREDICTED, Answers, ScoredPair, metrics
from training.evaluation.held_out.report import HeldOutReport
from training.evaluation.held_out.users import HeldOutUser
from training.evaluation.scoring import certain_profile, equal_weight_scores, in_batches

TRUE: Final = "true"


async def evaluate(
    model: VisionLanguageModel, users: Sequence[HeldOutUser], *, seed: int
) -> HeldOutReport:
    """Predict every profile, score every pair in each condition, describe and explain an image.

    Raises `ValueError` for a single user: the control `other_user` needs two.
    """
    if len(users) < 2:
        raise ValueError("An evaluation needs at least two users, for the control `other_user`.")
    return metrics(await _answers(model, users), version=model.model_version, seed=seed)


async def _answers(model: VisionLanguageModel, users: Sequence[HeldOutUser]) -> list[Answers]:
    predicted = await in_batches(model.predict, [user.references for user in users])
    descriptions = await in_batches(model.describe, [user.pairs[0].better for user in users])
    own = [taste_by_vote([prediction]) for prediction in predicted]
    profiles = {
        PREDICTED: own,
        TRUE: [certain_profile(user.likes, user.dislikes) for user in users],
        USER_BLIND: [Taste()] * len(users),
        OTHER_USER: of_next_user(own),
    }
    pairs = {name: await _score_pairs(model, users, profiles[name]) for name in profiles}
    to_explain = [
        ScoredInput(ScoringInput(profile, user.pairs[0].better), better)
        for user, profile, ((_, better, _), *_) in zip(users, own, pairs[PREDICTED], strict=True)
    ]
    rationales = await in_batches(model.explain, to_explain)
    return [
        Answers(
            user,
            predicted[k],
            descriptions[k],
            {name: of_condition[k] for name, of_condition in pairs.items()},
            rationales[k],
        )
        for k, user in enumerate(users)
    ]


async def _score_pairs(
    model: VisionLanguageModel, users: Sequence[HeldOutUser], profiles: Sequence[Taste]
) -> list[list[ScoredPair]]:
    """For each user, the scores of the user's pairs with one profile."""
    candidates = [
        ScoringInput(profile, image)
        for user, profile in zip(users, profiles, strict=True)
        for pair in user.pairs
        for image in (pair.better, pair.worse)
    ]
    scores = iter(await equal_weight_scores(model, candidates))
    return [[ScoredPair(pair, next(scores), next(scores)) for pair in user.pairs] for user in users]
