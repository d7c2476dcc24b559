"""Ask a serving model about held-out users: every taste predicted, every pair scored four ways.

Everything goes through `shared.vlm.protocol`, as the services do: what is measured is what is
served. Two controls say whether the person matters: a taste of which nothing is known, and the
taste of somebody else.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from shared.domain.element_weights import EQUAL
from shared.domain.taste import Taste
from shared.prompting.prediction_voting import taste_by_vote
from shared.vlm.protocol import (
    Candidate,
    PredictedTaste,
    ScoredCandidate,
    Scores,
    VisionLanguageModel,
)
from training.evaluation.held_out.report import Answers, Report, count
from training.evaluation.held_out.users import HeldOutUser
from training.prefersim.users.users import Words

AT_ONCE: Final = 128
"""Questions in one call: enough to fill a batch, few enough for a small machine's memory."""
Asked = TypeVar("Asked")
Answered = TypeVar("Answered")


async def evaluate(
    model: VisionLanguageModel, users: Sequence[HeldOutUser], *, seed: int
) -> Report:
    """Predict every taste, score every pair four ways, describe and explain one image a user."""
    if len(users) < 2:
        raise ValueError("An evaluation needs at least two users: one is the other's control.")
    return count(await _ask(model, users), users, version=model.model_version, seed=seed)


async def _ask(model: VisionLanguageModel, users: Sequence[HeldOutUser]) -> Answers:
    predicted = await in_parts(model.predict, [user.references for user in users])
    described = await in_parts(model.describe, [user.pairs[0].better for user in users])
    own = [taste_by_vote([answer]) for answer in predicted]
    tastes = {
        "predicted": own,
        "true": [_taste(user.likes, user.dislikes) for user in users],
        "nobody": [Taste()] * len(users),
        "somebody else": [*own[1:], own[0]],
    }
    scores = {name: await _score_pairs(model, users, tastes[name]) for name in tastes}
    to_explain = [
        ScoredCandidate(Candidate(taste, user.pairs[0].better), pairs[0][0])
        for user, taste, pairs in zip(users, own, scores["predicted"], strict=True)
    ]
    return Answers(predicted, described, scores, await in_parts(model.explain, to_explain))


async def _score_pairs(
    model: VisionLanguageModel, users: Sequence[HeldOutUser], tastes: Sequence[Taste]
) -> list[list[tuple[Scores, Scores]]]:
    asked = [
        Candidate(taste, image)
        for user, taste in zip(users, tastes, strict=True)
        for pair in user.pairs
        for image in (pair.better, pair.worse)
    ]
    answers = iter(await plain_scores(model, asked))
    return [[(next(answers), next(answers)) for _ in user.pairs] for user in users]


async def plain_scores(model: VisionLanguageModel, candidates: Sequence[Candidate]) -> list[Scores]:
    """Totals as plain sums: simulated users count all elements alike, whatever was learned."""
    scores = await in_parts(model.score, candidates)
    return [replace(one, weights=EQUAL) for one in scores]


async def in_parts(
    ask: Callable[[Sequence[Asked]], Awaitable[list[Answered]]], asked: Sequence[Asked]
) -> list[Answered]:
    answers: list[Answered] = []
    for at in range(0, len(asked), AT_ONCE):
        answers += await ask(asked[at : at + AT_ONCE])
    return answers


def _taste(likes: Words, dislikes: Words) -> Taste:
    """A taste that is certain of its words."""
    return taste_by_vote([PredictedTaste(likes, dislikes)])
