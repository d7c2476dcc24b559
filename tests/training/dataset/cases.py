"""Read the lines of a dataset and the ranks of their images."""

import json
from pathlib import Path
from typing import Any


def lines(folder: Path, split: str = "train") -> list[dict[str, Any]]:
    text = (folder / f"{split}.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def ranks(folder: Path) -> set[tuple[int, int]]:
    """The ranks of the better and the worse image of each pair."""
    return {(line["better_rank"], line["worse_rank"]) for line in lines(folder)}
