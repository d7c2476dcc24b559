"""Find the positions of the digits in a forced score answer, for any tokenizer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from shared.domain.taste import ELEMENTS
from shared.prompting import prompt
from shared.vlm.checkpoint.checkpoint import BadCheckpoint

DIGITS: Final = tuple(range(6))
PLACEHOLDER_DIGIT: Final = 2
"""The digit in the forced answer in place of every score: a score must not depend on the scores
before it, and our models are trained on answers with this digit."""


@dataclass(frozen=True)
class AnswerLayout:
    """The tokens of a whole score answer and the five positions of its digits."""

    ids: tuple[int, ...]
    positions: tuple[int, ...]
    """Index in `ids` of each element's digit, in the order of `ELEMENTS`."""
    digit_ids: tuple[int, ...]
    """Token of each digit 0-5 at these positions."""


def score_lines() -> list[str]:
    """The score answer for each digit, the same digit at all five positions."""
    return [prompt.score_line(dict.fromkeys(ELEMENTS, digit)) for digit in DIGITS]


def answer_layout(tokenizer: Any) -> AnswerLayout:
    """The layout in this tokenizer's tokens; raises `BadCheckpoint` when a digit is not one."""
    return layout_of(
        [tokenizer(line, add_special_tokens=False)["input_ids"] for line in score_lines()]
    )


def layout_of(token_ids: Sequence[Sequence[int]]) -> AnswerLayout:
    """The layout from the token ids of `score_lines()`."""
    lengths = {len(ids) for ids in token_ids}
    positions = [n for n, ids in enumerate(zip(*token_ids, strict=False)) if len(set(ids)) > 1]
    digits = [tuple(ids[position] for position in positions) for ids in token_ids]
    if len(lengths) != 1 or len(positions) != len(ELEMENTS) or any(len(set(d)) > 1 for d in digits):
        raise BadCheckpoint(
            "this model's tokenizer does not write a digit as one token of its own; use a"
            " checkpoint of the Qwen2.5-VL architecture"
        )
    return AnswerLayout(
        tuple(token_ids[PLACEHOLDER_DIGIT]), tuple(positions), tuple(d[0] for d in digits)
    )
