"""Protocol `score`: predict a taste from the references, score each candidate alone against it."""

from collections.abc import Callable, Sequence
from typing import Final

from shared.domain.taste import Taste
from shared.prompting.parser.elements import in_another_script
from shared.prompting.prediction_voting import groups, taste_by_vote
from shared.vlm.protocol import Candidate, PredictedTaste, VisionLanguageModel
from training.evaluation.benchmark.answers import (
    Answers,
    Outcome,
    Whose,
    in_parts,
    somebody_else,
    users_of,
)
from training.evaluation.benchmark.image_files import Pictures
from training.evaluation.benchmark.items import Item

USERS_AT_ONCE: Final = 32
"""Users in one call, with ten images each: some passes full, and not much memory."""
ITEMS_AT_ONCE: Final = 32
"""Items in one call: six candidates each, so that every pass is full."""


async def ask_by_score(
    model: VisionLanguageModel,
    items: Sequence[Item],
    *,
    references: int,
    seed: int,
    advance: Callable[[int], None],
) -> Answers:
    """Every item of a split, with the user's taste and both controls.

    A taste is predicted from `references` images of a side at once, where serving takes five:
    ones that contradict can only be outvoted by the others that the model sees beside them.
    """
    answers, pictures = Answers(), Pictures()
    tastes = await _predict(
        model, items, size=references, answers=answers, pictures=pictures, advance=advance
    )
    others = somebody_else(list(tastes), seed=seed)
    for part in in_parts(items, ITEMS_AT_ONCE):
        asked: list[tuple[Item, Whose]] = []
        candidates: list[Candidate] = []
        for item in part:
            pair = pictures.open((item.image_a, item.image_b)) if item.user in tastes else None
            if pair is None:
                answers.left_out[pictures.reason(item.images)] += 1
                continue
            whose: dict[Whose, Taste] = {"own": tastes[item.user], "user_blind": Taste()}
            if others:
                whose["other_user"] = tastes[others[item.user]]
            for name, taste in whose.items():
                asked.append((item, name))
                candidates += [Candidate(taste, image) for image in pair]
        totals = iter([scores.total for scores in await model.score(candidates)])
        by_item: dict[Item, dict[Whose, tuple[float, float]]] = {}
        for item, name in asked:
            by_item.setdefault(item, {})[name] = (next(totals), next(totals))
        answers.outcomes += [_outcome(item, told) for item, told in by_item.items()]
        advance(len(part))
    return answers


async def _predict(
    model: VisionLanguageModel,
    items: Sequence[Item],
    *,
    size: int,
    answers: Answers,
    pictures: Pictures,
    advance: Callable[[int], None],
) -> dict[str, Taste]:
    """The taste of each user whose references can be opened."""
    tastes: dict[str, Taste] = {}
    for part in in_parts(list(users_of(items).items()), USERS_AT_ONCE):
        owners, asked = [], []
        for user, item in part:
            references = pictures.references(item.liked, item.disliked)
            if references is not None:
                found = groups(references.liked, references.disliked, size=size)
                asked += [type(references)(tuple(ups), tuple(downs)) for ups, downs in found]
                owners += [user] * len(found)
        predicted = await model.predict(asked)
        answers.failures += [_failures(told) for told in predicted]
        answers.unanswered += sum(not (told.likes or told.dislikes) for told in predicted)
        for user in dict.fromkeys(owners):
            of_user = [told for owner, told in zip(owners, predicted, strict=True) if owner == user]
            tastes[user] = taste_by_vote(of_user)
        advance(len(part))
    return tastes


def _failures(predicted: PredictedTaste) -> tuple[str, ...]:
    """What is wrong with a predicted profile, in the words of `shared.prompting.parser.Failure`."""
    sides = (predicted.likes, predicted.dislikes)
    words = " ".join(w for side in sides for ws in side.values() for w in ws)
    foreign = ("other_language",) if in_another_script(words) else ()
    return (("no_profile",) if predicted.problems else ()) + foreign


def _outcome(item: Item, totals: dict[Whose, tuple[float, float]]) -> Outcome:
    told = {name: {"A": round(a, 4), "B": round(b, 4)} for name, (a, b) in totals.items()}
    return Outcome(item, {name: _won(item, *pair) for name, pair in totals.items()}, told)


def _won(item: Item, a: float, b: float) -> float:
    """1 when the preferred image has the higher total, one half for a tie."""
    return 0.5 if a == b else float((a > b) == (item.preferred == "A"))
