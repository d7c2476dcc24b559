"""Read sentences that were written and labelled by hand."""

from pathlib import Path
from typing import Final

from training.stance.generate import Sentence

FOLDER: Final = Path(__file__).parent
DEVELOPMENT: Final = FOLDER / "development.tsv"
"""For training. Most are pairs that differ in few words and in their stance."""
HELD_OUT: Final = FOLDER / "held_out.tsv"
"""For measurement alone: written after the weights were frozen."""


def read_sentences(path: Path) -> list[Sentence]:
    """The sentences of a file with the columns stance and text; raises `ValueError`."""
    heading, *lines = path.read_text(encoding="utf-8").splitlines()
    if heading != "stance\ttext":
        raise ValueError(f"{path} starts with {heading!r}; expected the columns stance and text")
    rows = [line.split("\t") for line in lines]
    return [Sentence(text, stance) for stance, text in rows]
