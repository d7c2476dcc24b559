"""Keep the curves of a night's trainings, and read them for whoever wants to see them learn."""

import json
import math
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

CURVES: Final = "curves"
"""Folder of the curves that are kept, one file a training, in a night's folder and a version's."""
TRAININGS: Final = ("sft", "grpo")
WRITTEN: Final = "curves.jsonl"
"""What a training writes in its own folder: one JSON object a line, with `step` and measures."""
MOST_BYTES: Final = 4_000_000
"""Of one file: a thousand times what a night writes. The rest of a longer one is not read."""
MOST_POINTS: Final = 400
"""Of one curve: more than a plot has room for."""

Curves = Mapping[str, Sequence[Mapping[str, float]]]
"""By training, in order: what was measured at each step."""


def keep_curves(night: Path, *, to: Path | None = None) -> None:
    """Copy what a night's trainings wrote out of the folders that go with its end; raises OSError.

    Into the night's own folder, or into `to`.
    """
    for training in TRAININGS:
        file = _file(night, training)
        kept = (to or night) / CURVES / f"{training}.jsonl"
        if file is not None and file != kept:
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, kept)


def read_curves(folder: Path) -> Curves:
    """Of a night, also while it runs, or of a version; empty where nothing was trained."""
    found = {name: _read(file) for name in TRAININGS if (file := _file(folder, name)) is not None}
    return {name: measured for name, measured in found.items() if measured}


def _file(folder: Path, training: str) -> Path | None:
    places = (folder / CURVES / f"{training}.jsonl", folder / training / WRITTEN)
    return next((place for place in places if place.is_file()), None)


def _read(file: Path) -> Sequence[Mapping[str, float]]:
    try:
        with file.open(encoding="utf-8", errors="replace") as opened:
            lines = opened.read(MOST_BYTES).splitlines()
    except OSError:
        return []
    measured = [told for line in lines if (told := _measures(line)) is not None]
    every = math.ceil(len(measured) / MOST_POINTS)
    return measured[::every] if every > 1 else measured


def _measures(line: str) -> dict[str, float] | None:
    """None for a line that is cut short, or that is not of a step."""
    try:
        told: Any = json.loads(line)
    except ValueError:
        return None
    if not isinstance(told, dict):
        return None
    numbers = {
        str(name): float(value)
        for name, value in told.items()
        if isinstance(value, (int, float)) and math.isfinite(value)
    }
    return numbers if "step" in numbers else None
