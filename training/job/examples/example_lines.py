"""Hold what all writers of a job's examples share: lines, names of images, random orders."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np

HINDSIGHT: Final = "hindsight.jsonl"
"""The profiles that hindsight keeps: GRPO takes them for the truth."""
Line = dict[str, Any]
"""One line of a file of examples or cases."""
ValueT = TypeVar("ValueT")


def name_in(file: Path, folder: Path) -> str:
    """The name of an image in a line: relative to the folder of the line's file."""
    return file.relative_to(folder).as_posix()


def shuffled(values: Sequence[ValueT], rng: np.random.Generator) -> list[ValueT]:
    """The values in a random order."""
    return [values[at] for at in rng.permutation(len(values))]
