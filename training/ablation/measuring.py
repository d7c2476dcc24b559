"""Measure one model on the hard benchmark, user by user."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, Final

from shared.vlm.settings import ModelSettings
from training.evaluation.serving_model import serving_model
from training.evaluation.simulated.cases import Truth
from training.evaluation.simulated.evaluate import evaluate_pairs
from training.evaluation.simulated.metrics import better_wins, profile_similarity

MUST_AGREE: Final = ("checksum", "users", "orders")
"""Fields that must agree before two models' figures go into one table."""


class NotComparable(ValueError):
    """Models were measured in different ways; the text names them and what to do."""


def measure(folder: Path, truth: Truth, *, threads: int = 0) -> dict[str, Any]:
    """For each set: whether each user's better candidate wins, and the profile similarity."""
    with serving_model(folder, threads=threads) as model:
        splits = {}
        for split, cases in truth.splits.items():
            answers = asyncio.run(evaluate_pairs(model, cases))
            splits[split] = {
                "right": [better_wins(of_user) for of_user in answers],
                "alike": [fmean(profile_similarity(of_user)) for of_user in answers],
            }
        return {
            "model_version": model.model_version,
            "checksum": truth.checksum,
            "users": sum(map(len, truth.splits.values())),
            "orders": ModelSettings(model=folder).model_prediction_orders,
            "splits": splits,
        }


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
