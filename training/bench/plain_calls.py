"""Score one candidate per call with plain Transformers: the baseline of the engine."""

from typing import Any, Final

import torch

from shared.domain.taste import ELEMENTS
from shared.prompting import prompt
from shared.prompting.parser import parse_scores
from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.checkpoint.open_checkpoint import OpenedCheckpoint
from shared.vlm.engine.answer_layout import answer_layout
from shared.vlm.engine.inputs.qwen_patches import IMAGE_PAD, QwenPatches
from shared.vlm.engine.pixels import to_patches
from shared.vlm.protocol import ScoringInput

MAX_ANSWER_TOKENS: Final = 64
"""Five digits with their names are about 30 tokens, also in a large model."""


class PlainCalls:
    """`generate` and the forward pass of Transformers, on the prompts of the engine."""

    def __init__(self, opened: OpenedCheckpoint) -> None:
        if not isinstance(opened.inputs, QwenPatches):
            raise BadCheckpoint("the baseline is measured on a Qwen2.5-VL only; name another model")
        self._opened = opened
        self._qwen = opened.inputs
        self._layout = answer_layout(opened.tokenizer)

    @torch.inference_mode()
    def generate(self, candidate: ScoringInput) -> int:
        """The total score of an answer that the model generates."""
        inputs = self._inputs(candidate, answer="Scores")
        output = self._opened.model.generate(
            **inputs, do_sample=False, max_new_tokens=MAX_ANSWER_TOKENS
        )
        generated = output[0, inputs["input_ids"].shape[1] :]
        answer = self._opened.tokenizer.decode(generated, skip_special_tokens=True)
        return sum(parse_scores("Scores" + answer).digits.values())

    @torch.inference_mode()
    def forward(self, candidate: ScoringInput) -> float:
        """The expected total score of a forced answer, in one forward pass."""
        layout = self._layout
        forced = self._opened.tokenizer.decode(layout.ids)
        logits = self._opened.model(**self._inputs(candidate, answer=forced)).logits
        # Logits predict the next token, so the digit at a position is read one before it.
        positions = [position - len(layout.ids) - 1 for position in layout.positions]
        digits = logits[0, positions][:, list(layout.digit_ids)].float().softmax(dim=-1)  # (5, 6)
        assert len(digits) == len(ELEMENTS)
        return float((digits * torch.arange(6, device=digits.device)).sum())

    def _inputs(self, candidate: ScoringInput, *, answer: str) -> dict[str, Any]:
        opened = self._opened
        patched = to_patches([candidate.image], self._qwen.vision)
        question = opened.tokenizer.apply_chat_template(
            prompt.score_for(candidate.taste).messages(), tokenize=False, add_generation_prompt=True
        )
        text = question.replace(IMAGE_PAD, IMAGE_PAD * patched.tokens[0]) + answer
        ids = opened.tokenizer(text, add_special_tokens=False, return_tensors="pt")["input_ids"]
        inputs = {
            "input_ids": ids,
            "attention_mask": torch.ones_like(ids),
            "mm_token_type_ids": (ids == self._qwen.image_token).int(),
            "pixel_values": patched.patches.to(opened.model.dtype),
            "image_grid_thw": patched.grids,
        }
        return {name: tensor.to(opened.device) for name, tensor in inputs.items()}
