"""Find where in a forced score answer the digits stand, for any tokenizer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from shared.domain.taste import ELEMENTS
from shared.prompting import prompt
from shared.vlm.checkpoint.checkpoint import BadCheckpoint

DIGITS: Final = tuple(range(6))
HELD_OPEN: Final = 2
"""The digit that stands in for all: scores must not lean on the scores before them, and models of
ours are trained to see it so."""


@dataclass(frozen=True)
class Skeleton:
    """The tokens of a whole score answer, and the five places to read."""

    ids: tuple[int, ...]
    places: tuple[int, ...]
    """Indices in `ids` of each element's digit, in the order of `ELEMENTS`."""
    digit_ids: tuple[int, ...]
    """Token of each digit 0-5 at those places."""


def lines() -> list[str]:
    """The score answer with each digit at all five places: what has to be tokenized."""
    return [prompt.score_line(dict.fromkeys(ELEMENTS, digit)) for digit in DIGITS]


def skeleton(tokenizer: Any) -> Skeleton:
    """The skeleton in this tokenizer's tokens; raises `BadCheckpoint` when a digit is not one."""
    return skeleton_of([tokenizer(line, add_special_tokens=False)["input_ids"] for line in lines()])


def skeleton_of(written: Sequence[Sequence[int]]) -> Skeleton:
    """The same from the tokens of `lines()`."""
    lengths = {len(ids) for ids in written}
    places = [n for n, ids in enumerate(zip(*written, strict=False)) if len(set(ids)) > 1]
    digit_ids = [tuple(ids[place] for place in places) for ids in written]
    if len(lengths) != 1 or len(places) != len(ELEMENTS) or any(len(set(d)) > 1 for d in digit_ids):
        raise BadCheckpoint("this model's tokenizer does not write a digit as one token of its own")
    return Skeleton(tuple(written[HELD_OPEN]), tuple(places), tuple(d[0] for d in digit_ids))
