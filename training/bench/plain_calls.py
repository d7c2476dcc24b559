"""Score one candidate a call as anybody would with the library alone: the engine's baseline."""

from typing import Any, Final

import torch

from shared.domain.taste import ELEMENTS
from shared.prompting import parser as verdict
from shared.prompting import prompt
from shared.vlm.checkpoint.open_checkpoint import IMAGE_PAD, OpenedCheckpoint
from shared.vlm.engine.pixels import to_patches
from shared.vlm.protocol import Candidate

MAX_ANSWER_TOKENS: Final = 64
"""Five named digits are about 30 tokens, of a large model's too."""


class PlainCalls:
    """The library's own `generate` and forward, on the engine's prompts."""

    def __init__(self, opened: OpenedCheckpoint) -> None:
        self._opened = opened

    @torch.inference_mode()
    def generate(self, candidate: Candidate) -> int:
        """The total of an answer that is written out and then read."""
        inputs = self._inputs(candidate, answer="Scores")
        out = self._opened.model.generate(
            **inputs, do_sample=False, max_new_tokens=MAX_ANSWER_TOKENS
        )
        written = out[0, inputs["input_ids"].shape[1] :]
        answer = self._opened.tokenizer.decode(written, skip_special_tokens=True)
        return verdict.parse_scores("Scores" + answer).total

    @torch.inference_mode()
    def forward(self, candidate: Candidate) -> float:
        """The expectation over the digits of a forced answer, in one pass."""
        layout = self._opened.layout
        forced = self._opened.tokenizer.decode(layout.ids)
        logits = self._opened.model(**self._inputs(candidate, answer=forced)).logits
        places = [place - len(layout.ids) - 1 for place in layout.positions]
        digits = logits[0, places][:, list(layout.digit_ids)].float().softmax(dim=-1)  # (5, 6)
        assert len(digits) == len(ELEMENTS)
        return float((digits * torch.arange(6, device=digits.device)).sum())

    def _inputs(self, candidate: Candidate, *, answer: str) -> dict[str, Any]:
        opened = self._opened
        pictures = to_patches([candidate.image], opened.vision)
        question = opened.tokenizer.apply_chat_template(
            prompt.score_for(candidate.taste).messages(), tokenize=False, add_generation_prompt=True
        )
        text = question.replace(IMAGE_PAD, IMAGE_PAD * pictures.tokens[0]) + answer
        ids = opened.tokenizer(text, add_special_tokens=False, return_tensors="pt")["input_ids"]
        inputs = {
            "input_ids": ids,
            "attention_mask": torch.ones_like(ids),
            "mm_token_type_ids": (ids == opened.image_pad).int(),
            "pixel_values": pictures.patches.to(opened.model.dtype),
            "image_grid_thw": pictures.grids,
        }
        return {name: tensor.to(opened.device) for name, tensor in inputs.items()}
