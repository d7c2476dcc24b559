"""Measure one model on the hard benchmark, user by user, with both controls."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, Final

from shared.domain.taste import Taste
from shared.images.decoding.image_file import read_image
from shared.prompting.prediction_voting import taste_by_vote
from shared.vlm.protocol import ScoringInput, VisionLanguageModel
from shared.vlm.settings import ModelSettings
from training.evaluation.controls import of_previous_user
from training.evaluation.pairing import win
from training.evaluation.scoring import equal_weight_scores
from training.evaluation.serving_model import serving_model
from training.evaluation.simulated.cases import Truth
from training.evaluation.simulated.evaluate import Answers, evaluate_pairs
from training.evaluation.simulated.metrics import better_wins, profile_similarity

MUST_AGREE: Final = ("checksum", "users", "orders")
"""Fields that must agree before two models' figures go into one table."""
DIGITS: Final = 4
"""Decimals of a similarity in the files."""


class NotComparable(ValueError):
    """Models were measured in different ways; the text names them and what to do."""


def measure(folder: Path, truth: Truth, *, threads: int = 0) -> dict[str, Any]:
    """For each set: one value a user, in the order of the benchmark.

    `right`: the better candidate wins (a tie counts half), with the profile that the model
    predicts; `user_blind` without a profile; `other_user` with the profile predicted for the
    previous user of the set; `alike`: similarity of the predicted to the true profile, 0-1.
    """
    with serving_model(folder, threads=threads) as model:
        splits = {}
        for split, cases in truth.splits.items():
            answers = asyncio.run(evaluate_pairs(model, cases))
            profiles = [taste_by_vote([of_user.predicted]) for of_user in answers]
            blind = asyncio.run(_right(model, answers, [Taste()] * len(answers)))
            other = asyncio.run(_right(model, answers, of_previous_user(profiles)))
            splits[split] = {
                "right": [better_wins(of_user) for of_user in answers],
                "user_blind": blind,
                "other_user": other,
                "alike": [round(fmean(profile_similarity(a)), DIGITS) for a in answers],
            }
        return {
            "model_version": model.model_version,
            "checksum": truth.checksum,
            "users": sum(map(len, truth.splits.values())),
            "orders": ModelSettings(model=folder).model_prediction_orders,
            "splits": splits,
        }


async def _right(
    model: VisionLanguageModel, answers: Sequence[Answers], profiles: Sequence[Taste]
) -> list[float]:
    """For each user whether the better candidate wins with this profile."""
    candidates = [
        ScoringInput(profile, read_image(path))
        for of_user, profile in zip(answers, profiles, strict=True)
        for path in (of_user.case.better, of_user.case.worse)
    ]
    scores = iter(await equal_weight_scores(model, candidates))
    return [win(next(scores).total, next(scores).total) for _ in answers]


def check_comparable(measured: Sequence[Mapping[str, Any]]) -> None:
    """Raises `NotComparable` if models were measured on other users or with other orders.

    Older files that lack these fields are refused too.
    """
    for name in MUST_AGREE:
        values = {report["model_version"]: report.get(name) for report in measured}
        if len(set(values.values())) > 1 or None in values.values():
            listed = ", ".join(f"{version} {value}" for version, value in values.items())
            raise NotComparable(
                f"the models have different or unknown {name} ({listed}): delete the files of the"
                " different ones under measured/; the same command measures them again"
            )
