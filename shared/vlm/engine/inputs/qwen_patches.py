"""Prepare images for Qwen's vision towers in plain tensors; rows share the prefix of a prompt.

It gives the same tensors as the library's processor, needs no torchvision, and knows where a prompt
can be split, so that the taste of a slate is computed once.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import torch
from PIL.Image import Image
from torch import Tensor

from shared.prompting.prompt import Prompt
from shared.vlm.checkpoint.vision_config import VisionConfig
from shared.vlm.engine.inputs.protocol import Inputs
from shared.vlm.engine.pixels import ImagePatches, to_patches
from shared.vlm.engine.shared_prefix import logits_with_shared_prefix

IMAGE_PAD: Final = "<|image_pad|>"


class QwenPatches:
    """The inputs of a Qwen2.5-VL or Qwen3-VL."""

    def __init__(
        self, tokenizer: Any, vision: VisionConfig, *, device: torch.device, dtype: torch.dtype
    ) -> None:
        self._tokenizer = tokenizer
        self.vision = vision
        self.image_token: int = tokenizer.convert_tokens_to_ids(IMAGE_PAD)
        self._device = device
        self._dtype = dtype

    def encode(
        self,
        prompts: Sequence[Prompt],
        images: Sequence[Sequence[Image]],
        *,
        with_answer_prefix: bool,
        answer: Sequence[int] = (),
    ) -> Inputs:
        """One row for each prompt with its images; each row ends with the tokens of `answer`."""
        patches = to_patches([image for row in images for image in row], self.vision)
        rows = self._token_ids(prompts, patches, with_answer_prefix=with_answer_prefix)
        return self._inputs([[*ids, *answer] for ids in rows], patches)

    def last_logits(self, model: Any, inputs: Inputs, *, columns: int) -> Tensor:
        """Logits at the last `columns` positions: (rows, columns, vocabulary)."""
        return logits_with_shared_prefix(model, inputs, columns=columns)

    def _token_ids(
        self, prompts: Sequence[Prompt], patches: ImagePatches, *, with_answer_prefix: bool
    ) -> list[list[int]]:
        """Tokens of each prompt; an image's place is repeated once for each of its tokens."""
        counts = iter(patches.tokens)
        texts = [
            self._tokenizer.apply_chat_template(
                p.messages(), tokenize=False, add_generation_prompt=True
            )
            + (p.answer_prefix if with_answer_prefix else "")
            for p in prompts
        ]
        rows = self._tokenizer(texts, add_special_tokens=False)["input_ids"]
        return [list(self._repeated(ids, counts)) for ids in rows]

    def _repeated(self, ids: Sequence[int], counts: Iterator[int]) -> Iterator[int]:
        for token in ids:
            yield from [token] * (next(counts) if token == self.image_token else 1)

    def _inputs(self, rows: Sequence[Sequence[int]], patches: ImagePatches) -> Inputs:
        padded = self._tokenizer.pad({"input_ids": rows}, padding=True, return_tensors="pt")
        ids = padded["input_ids"]
        inputs = {
            "input_ids": ids,
            "attention_mask": padded["attention_mask"],
            "mm_token_type_ids": (ids == self.image_token).int(),
        }
        if patches.tokens:
            inputs |= {
                "pixel_values": patches.patches.to(self._dtype),
                "image_grid_thw": patches.grids,
            }
        return {name: tensor.to(self._device) for name, tensor in inputs.items()}
