"""Hold the digits that GRPO samples in score answers, as serving does in the compact style.

Serving reads each digit after the placeholder digit at the earlier places. So a digit that is
sampled enters the model as the placeholder: the next digit is sampled, and its probability is
learned, under exactly the condition under which serving reads it.
"""

from typing import Any

import torch
from torch import Tensor

from shared.domain.taste import Taste
from shared.prompting.styles.protocol import PromptStyle
from shared.vlm.engine.answer_layout import PLACEHOLDER_DIGIT, answer_layout


def hold_digits(model: Any, processor: Any, style: PromptStyle) -> None:
    """Change what `model` embeds; raises `BadCheckpoint` when a digit is not one token."""
    held = HeldSamples(processor, style)
    model.get_input_embeddings().register_forward_pre_hook(held)


class HeldSamples:
    """Replaces digits after score prompts, in whole rows and in the steps of a generation."""

    def __init__(self, processor: Any, style: PromptStyle) -> None:
        tokenizer = processor.tokenizer
        digits = answer_layout(tokenizer).digit_ids
        self._digits = torch.tensor(digits)
        self._placeholder = digits[PLACEHOLDER_DIGIT]
        question = tokenizer.apply_chat_template(
            style.score(Taste()).prompt.messages(), tokenize=False, add_generation_prompt=True
        )
        # The taste and the image come first, so all score prompts end in the same way, and no
        # others do.
        end = str(question).rpartition(processor.image_token)[2].lstrip()
        # The first token depends on what a processor writes after an image: spaces, line breaks.
        self._end = torch.tensor(tokenizer(end, add_special_tokens=False)["input_ids"][1:])
        self._rows: Tensor = torch.zeros(0, dtype=torch.bool)
        """Which rows of the current generation are score answers, (rows,)."""

    def __call__(self, module: Any, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        ids, *others = inputs
        digits = torch.isin(ids, self._digits.to(ids.device))
        if ids.shape[1] == 1:  # a step of a generation: the last token of each row
            if len(self._rows) == len(ids):
                digits &= self._rows[:, None]
                ids = ids.masked_fill(digits, self._placeholder)
            return (ids, *others)
        self._rows, begin = self._answers(ids)
        columns = torch.arange(ids.shape[1], device=ids.device)
        digits &= self._rows[:, None] & (columns[None] >= begin[:, None])
        return (ids.masked_fill(digits, self._placeholder), *others)

    def _answers(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Which rows have a score prompt, (rows,), and the columns after it, (rows,)."""
        end = self._end.to(ids.device)
        if ids.shape[1] < len(end):
            return torch.zeros(len(ids), dtype=torch.bool, device=ids.device), ids[:, 0]
        matches = (ids.unfold(1, len(end), 1) == end).all(dim=2)  # (rows, places)
        return matches.any(dim=1), matches.int().argmax(dim=1) + len(end)
