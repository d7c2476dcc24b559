"""Keep the training curves of a job, and read them for pages."""

import json
import math
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from shared.jobs.training_methods import METHODS

CURVES: Final = "curves"
"""Folder of the kept curves, one file for each stage, in the folder of a job or a version."""
STAGES: Final = METHODS
SOURCE: Final = "curves.jsonl"
"""File that a stage writes in its own folder: a JSON object a line, with `step` and values."""
MAX_BYTES: Final = 4_000_000
"""Limit of one file, a thousand times the usual size; the rest of a longer file is not read."""
MAX_POINTS: Final = 400
"""Limit of one curve: a plot cannot show more."""

Curves = Mapping[str, Sequence[Mapping[str, float]]]
"""The values of each step by stage, in order."""


def keep_curves(job: Path, *, to: Path | None = None) -> None:
    """Copy the curves out of folders that are deleted at the end of a job; raises OSError.

    The copies are in the job's own folder, or in `to`.
    """
    for stage in STAGES:
        file = _file(job, stage)
        kept = (to or job) / CURVES / f"{stage}.jsonl"
        if file is not None and file != kept:
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, kept)


def read_curves(folder: Path) -> Curves:
    """The curves of a job, also while it runs, or of a version; empty where nothing was trained."""
    curves = {stage: _read(file) for stage in STAGES if (file := _file(folder, stage)) is not None}
    return {stage: points for stage, points in curves.items() if points}


def _file(folder: Path, stage: str) -> Path | None:
    files = (folder / CURVES / f"{stage}.jsonl", folder / stage / SOURCE)
    return next((file for file in files if file.is_file()), None)


def _read(file: Path) -> Sequence[Mapping[str, float]]:
    try:
        with file.open(encoding="utf-8", errors="replace") as stream:
            lines = stream.read(MAX_BYTES).splitlines()
    except OSError:
        return []
    points = [point for line in lines if (point := _point(line)) is not None]
    stride = math.ceil(len(points) / MAX_POINTS)
    return points[::stride] if stride > 1 else points


def _point(line: str) -> dict[str, float] | None:
    """The numbers of one step; None for a torn line, or a line without a step."""
    try:
        values: Any = json.loads(line)
    except ValueError:
        return None
    if not isinstance(values, dict):
        return None
    numbers = {
        str(name): float(value)
        for name, value in values.items()
        if isinstance(value, (int, float)) and math.isfinite(value)
    }
    return numbers if "step" in numbers else None
