"""Measure one model on the hard benchmark, user by user, as the ablation's table needs it."""

import asyncio
from pathlib import Path
from typing import Any

from training.nano.proof.asking import PREDICTED, ask_pairs
from training.nano.proof.cases import Truth
from training.nano.proof.counting import likeness, preferred


def measure(folder: Path, truth: Truth, *, threads: int = 0) -> dict[str, Any]:
    """For each set whether each user's better candidate won, and how alike the profile is."""
    from shared.vlm.in_process import load_model  # loads transformers: not for --help
    from shared.vlm.settings import ModelSettings

    model = load_model(ModelSettings(model=folder, model_threads=threads))
    try:
        splits = {}
        for split, cases in truth.splits.items():
            asked = asyncio.run(ask_pairs(model, cases))
            splits[split] = {
                "right": [preferred(*one.pairs[PREDICTED]) for one in asked],
                "alike": [sum(found) / len(found) for found in map(likeness, asked)],
            }
        return {"model_version": model.model_version, "checksum": truth.checksum, "splits": splits}
    finally:
        model.close()
