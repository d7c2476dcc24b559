"""Write the cases of a set in the PreferImg-Bench layout, which `evaluate` and trainings read."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from training.evaluation.benchmark.public_data.cases.protocol import draw
from training.evaluation.benchmark.public_data.values import JudgedPair, UserCases


def write_rows(file: Path, users: Sequence[UserCases], *, seed: int) -> None:
    """One row a pair; the seed draws whether the preferred image is A or B."""
    rows = [_row(user, pair, seed) for user in users for pair in user.pairs]
    file.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def is_first(user: str, pair: JudgedPair, seed: int) -> bool:
    """Whether the preferred image comes first: a fair coin, the same in sets and events."""
    return draw(seed, "first", user, pair.better, pair.worse) % 2 == 0


def _row(user: UserCases, pair: JudgedPair, seed: int) -> dict[str, Any]:
    first = is_first(user.user, pair, seed)
    a, b = (pair.better, pair.worse) if first else (pair.worse, pair.better)
    return {
        "user_id": user.user,
        "imageA": a,
        "imageB": b,
        "prefered_images": list(user.liked),
        "non_prefered_images": list(user.disliked),
        "conversations": [{"from": "gpt", "value": "Image A" if first else "Image B"}],
        **user.extra,
    }
