"""Measure one model on the hard benchmark, user by user, as the ablation's table needs it."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, Final

from training.evaluation.simulated.cases import Truth
from training.evaluation.simulated.evaluate import evaluate_pairs
from training.evaluation.simulated.metrics import better_wins, profile_similarity

ALIKE: Final = ("checksum", "users", "orders")
"""What must be the same for two models' figures to stand in one table."""


class Unlike(ValueError):
    """Models were not asked the same questions; the text says which, and what to do."""


def measure(folder: Path, truth: Truth, *, threads: int = 0) -> dict[str, Any]:
    """For each set whether each user's better candidate won, and how alike the profile is."""
    from shared.vlm.engine.batching_engine import load_model  # loads transformers: not for --help
    from shared.vlm.settings import ModelSettings

    settings = ModelSettings(model=folder, model_threads=threads)
    model = load_model(settings)
    try:
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
            "orders": settings.model_prediction_orders,
            "splits": splits,
        }
    finally:
        model.close()


def asked_alike(measured: Sequence[Mapping[str, Any]]) -> None:
    """Raises `Unlike` where models saw other people, or tastes were read in more orders.

    Files from before this was written down say nothing of it, and are refused as well.
    """
    for name in ALIKE:
        found = {one["model_version"]: one.get(name) for one in measured}
        if len(set(found.values())) > 1 or None in found.values():
            told = ", ".join(f"{version} {value}" for version, value in found.items())
            raise Unlike(
                f"the models were measured with different {name} ({told}), or nobody knows with"
                " which: delete the files of the odd ones under measured/, and the same command"
                " measures them again"
            )
