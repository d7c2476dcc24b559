"""Force each digit of an explanation to the digit already scored, so that both agree."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import torch
from torch import Tensor
from transformers import LogitsProcessor

from shared.domain.taste import ELEMENTS, Element

LOOK_BACK_TOKENS: Final = 16
"""Enough tokens for the longest element name in any tokenizer."""


def continuation(tokenizer: Any, text: str, end: str) -> list[int]:
    """The tokens of `end` after `text`; on its own, some tokenizers begin it with a space more."""
    before, whole, alone = (
        list(tokenizer(part, add_special_tokens=False)["input_ids"])
        for part in (text, text + end, end)
    )
    return whole[len(before) :] if whole[: len(before)] == before else alone


class ForcedDigits(LogitsProcessor):  # type: ignore[misc]  # untyped base
    """After an element's name and colon, each row can continue only with its own digit."""

    def __init__(
        self, tokenizer: Any, digits: Sequence[Mapping[Element, int]], *, prompt_length: int
    ) -> None:
        self._tokenizer = tokenizer
        self._prompt_length = prompt_length
        self._digit_tokens: list[dict[Element, list[int]]] = [
            {e: continuation(tokenizer, f"{e.label}:", f" {row[e]}") for e in ELEMENTS}
            for row in digits
        ]
        self._pending: list[list[int]] = [[] for _ in digits]
        """Tokens that each row still has to write."""
        self._next_element: list[int] = [0 for _ in digits]
        """Index in `ELEMENTS` of the element that each row writes next."""

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        start = max(self._prompt_length, input_ids.shape[1] - LOOK_BACK_TOKENS)
        tails = self._tokenizer.batch_decode(input_ids[:, start:])
        for row, tail in enumerate(tails):
            if not self._pending[row] and self._next_element[row] < len(ELEMENTS):
                element = ELEMENTS[self._next_element[row]]
                if tail.endswith(f"{element.label}:"):
                    self._pending[row] = list(self._digit_tokens[row][element])
                    self._next_element[row] += 1
            if self._pending[row]:
                token = self._pending[row].pop(0)
                scores[row] = torch.full_like(scores[row], float("-inf"))
                scores[row, token] = 0.0
        return scores
