"""Choose the cases of GRPO: clicked pairs by weight, mixed with all simulated ones."""

import json
from pathlib import Path
from typing import Final

import numpy as np

from shared.files.atomic_write import atomic_write

GRPO_PAIRS: Final = 420
"""Clicked pairs for GRPO: 60 steps take 240."""
GRPO_CASES: Final = "grpo_cases.jsonl"


def write_grpo_cases(dataset: Path, *, seed: int) -> None:
    """Write `grpo_cases.jsonl` from `train.jsonl`, in random order: GRPO reads it in file order."""
    rng = np.random.default_rng((seed, 0x6290))
    lines = (dataset / "train.jsonl").read_text(encoding="utf-8").splitlines()
    cases = [(line, json.loads(line)) for line in lines]
    clicked = [(line, float(case["weight"])) for line, case in cases if case["source"] == "clicks"]
    # Weighted sampling without replacement: the smallest exponential / weight first.
    keys = [rng.exponential() / max(weight, 1e-9) for _, weight in clicked]
    chosen = [clicked[n][0] for n in np.argsort(keys, kind="stable")[:GRPO_PAIRS]]
    chosen += [line for line, case in cases if case["source"] != "clicks"]
    mixed = [chosen[n] for n in rng.permutation(len(chosen))]
    atomic_write(dataset / GRPO_CASES, "".join(f"{line}\n" for line in mixed))
