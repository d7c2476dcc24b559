"""Prepare prompts with the checkpoint's own processor: any model of the transformers library."""

import inspect
from collections.abc import Sequence
from typing import Any

import torch
from PIL.Image import Image
from torch import Tensor

from shared.prompting.prompt import Prompt
from shared.vlm.checkpoint.pixel_limits import PixelLimits
from shared.vlm.engine.inputs.chat_template import ChatTemplate
from shared.vlm.engine.inputs.protocol import Inputs


class ProcessorInputs:
    """The inputs of a model with a processor, a chat template and image tokens.

    The image processor already has the limits (`tile_limits`); here each image is scaled to them.
    """

    def __init__(
        self,
        processor: Any,
        template: ChatTemplate,
        *,
        limits: PixelLimits,
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        self._processor = processor
        self._template = template
        self._limits = limits
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
        texts = [
            self._template.render(item.messages()) + (item.answer_prefix * with_answer_prefix)
            for item in prompts
        ]
        scaled = [[self._limits.scaled(image) for image in row] for row in images]
        # A template usually writes the first token of a text itself, which must not be there twice.
        first = self._processor.tokenizer.bos_token
        has_first = first is not None and all(text.startswith(first) for text in texts)
        encoded = self._processor(
            text=texts,
            images=scaled if any(scaled) else None,
            padding=True,
            return_tensors="pt",
            add_special_tokens=not has_first,
        )
        inputs = {name: self._placed(value) for name, value in encoded.items()}
        return with_columns(inputs, answer) if answer else inputs

    def last_logits(self, model: Any, inputs: Inputs, *, columns: int) -> Tensor:
        """Logits at the last `columns` positions: (rows, columns, vocabulary)."""
        if "logits_to_keep" in inspect.signature(model.forward).parameters:
            logits: Tensor = model(**inputs, logits_to_keep=columns).logits
            return logits
        every: Tensor = model(**inputs).logits
        return every[:, -columns:]

    def _placed(self, value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        return value.to(self._device, self._dtype if value.is_floating_point() else None)


def with_columns(inputs: Inputs, tokens: Sequence[int]) -> Inputs:
    """The inputs with the same text tokens at the end of each row."""
    ids = inputs["input_ids"]
    added = torch.tensor(tokens, device=ids.device).expand(len(ids), -1)
    values = {"input_ids": added, "attention_mask": torch.ones_like(added)}
    longer = {
        # All other tensors of this shape say what kind of token a column has; 0 is text.
        name: torch.cat([tensor, values.get(name, torch.zeros_like(added)).to(tensor)], dim=1)
        for name, tensor in inputs.items()
        if isinstance(tensor, Tensor) and tensor.shape == ids.shape
    }
    return inputs | longer
