"""Force the digits of an explanation to those already scored, so that the two cannot disagree."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import torch
from torch import Tensor
from transformers import LogitsProcessor

from shared.domain.taste import ELEMENTS, Element

LOOK_BACK_TOKENS: Final = 16
"""Enough to spell the longest element name in any tokenizer."""


class ForcedDigits(LogitsProcessor):  # type: ignore[misc]  # untyped base
    """After `art style:` each row can go on with nothing but its own digit."""

    def __init__(
        self, tokenizer: Any, digits: Sequence[Mapping[Element, int]], *, prompt_length: int
    ) -> None:
        self._tokenizer = tokenizer
        self._prompt_length = prompt_length
        self._forced: list[dict[Element, list[int]]] = [
            {e: tokenizer(f" {row[e]}", add_special_tokens=False)["input_ids"] for e in ELEMENTS}
            for row in digits
        ]
        self._waiting: list[list[int]] = [[] for _ in digits]
        self._element: list[int] = [0 for _ in digits]

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        begin = max(self._prompt_length, input_ids.shape[1] - LOOK_BACK_TOKENS)
        tails = self._tokenizer.batch_decode(input_ids[:, begin:])
        for row, tail in enumerate(tails):
            if not self._waiting[row] and self._element[row] < len(ELEMENTS):
                element = ELEMENTS[self._element[row]]
                if tail.endswith(f"{element.label}:"):
                    self._waiting[row] = list(self._forced[row][element])
                    self._element[row] += 1
            if self._waiting[row]:
                token = self._waiting[row].pop(0)
                scores[row] = torch.full_like(scores[row], float("-inf"))
                scores[row, token] = 0.0
        return scores
