"""Protocol `score`: predict a profile from the references, score each candidate against it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from shared.domain.taste import Taste
from shared.prompting.parser.elements import in_another_script
from shared.prompting.prediction_voting import taste_by_vote
from shared.prompting.reference_groups import reference_groups
from shared.vlm.protocol import PredictedTaste, References, ScoringInput, VisionLanguageModel
from training.evaluation.benchmark.answers import Answers, Condition, Outcome
from training.evaluation.benchmark.image_files import ImageFiles
from training.evaluation.benchmark.items import Item, first_item_by_user
from training.evaluation.controls import OTHER_USER, USER_BLIND, other_users
from training.evaluation.pairing import win
from training.evaluation.scoring import batches

USERS_PER_CALL: Final = 32
"""Users with ten images each: some passes are full, and memory stays small."""
ITEMS_PER_CALL: Final = 32
"""Items with six candidates each, so that every pass is full."""


async def score_split(
    model: VisionLanguageModel,
    items: Sequence[Item],
    *,
    references: int,
    seed: int,
    advance: Callable[[int], None],
) -> Answers:
    """Score the candidates of every item, with the user's profile and both controls.

    A profile is predicted from `references` images of a side in one prompt, where serving uses
    five: images that contradict the profile can only be outvoted by the others in the same prompt.
    """
    answers, files = Answers(), ImageFiles()
    profiles = await _predict(
        model, items, size=references, answers=answers, files=files, advance=advance
    )
    others = other_users(list(profiles), seed=seed)
    for batch in batches(items, ITEMS_PER_CALL):
        questions: list[tuple[Item, Condition]] = []
        candidates: list[ScoringInput] = []
        for item in batch:
            pair = files.open((item.image_a, item.image_b)) if item.user in profiles else None
            if pair is None:
                answers.left_out[files.reason(item.images)] += 1
                continue
            by_condition: dict[Condition, Taste] = {
                "own": profiles[item.user],
                USER_BLIND: Taste(),
            }
            if others:
                by_condition[OTHER_USER] = profiles[others[item.user]]
            for condition, profile in by_condition.items():
                questions.append((item, condition))
                candidates += [ScoringInput(profile, image) for image in pair]
        totals = iter([scores.total for scores in await model.score(candidates)])
        by_item: dict[Item, dict[Condition, tuple[float, float]]] = {}
        for item, condition in questions:
            by_item.setdefault(item, {})[condition] = (next(totals), next(totals))
        answers.outcomes += [_outcome(item, of_item) for item, of_item in by_item.items()]
        advance(len(batch))
    return answers


async def _predict(
    model: VisionLanguageModel,
    items: Sequence[Item],
    *,
    size: int,
    answers: Answers,
    files: ImageFiles,
    advance: Callable[[int], None],
) -> dict[str, Taste]:
    """The profile of each user whose references can be decoded."""
    profiles: dict[str, Taste] = {}
    for batch in batches(list(first_item_by_user(items).items()), USERS_PER_CALL):
        owners: list[str] = []
        prompts: list[References] = []
        for user, item in batch:
            references = files.references(item.liked, item.disliked)
            if references is not None:
                sides = reference_groups(references.liked, references.disliked, size=size)
                prompts += [References(tuple(liked), tuple(disliked)) for liked, disliked in sides]
                owners += [user] * len(sides)
        predicted = await model.predict(prompts)
        answers.failures += [_failures(prediction) for prediction in predicted]
        answers.unanswered += sum(
            not (taste.preference or taste.non_preference) for taste in predicted
        )
        for user in dict.fromkeys(owners):
            of_user = [p for owner, p in zip(owners, predicted, strict=True) if owner == user]
            profiles[user] = taste_by_vote(of_user)
        advance(len(batch))
    return profiles


def _failures(predicted: PredictedTaste) -> tuple[str, ...]:
    """Format failures of a predicted profile, as `shared.prompting.parser` names them."""
    sides = (predicted.preference, predicted.non_preference)
    words = " ".join(w for side in sides for ws in side.values() for w in ws)
    foreign = ("other_language",) if in_another_script(words) else ()
    return (("no_profile",) if predicted.problems else ()) + foreign


def _outcome(item: Item, totals: Mapping[Condition, tuple[float, float]]) -> Outcome:
    kept: dict[str, object] = {
        name: {"A": round(a, 4), "B": round(b, 4)} for name, (a, b) in totals.items()
    }
    return Outcome(item, {name: _won(item, *pair) for name, pair in totals.items()}, kept)


def _won(item: Item, a: float, b: float) -> float:
    return win(a, b) if item.preferred == "A" else win(b, a)
