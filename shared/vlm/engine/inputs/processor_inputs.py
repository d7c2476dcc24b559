"""Prepare prompts with the checkpoint's own processor: any model of the transformers library."""

import inspect
from collections.abc import Sequence
from typing import Any

import torch
from PIL.Image import Image
from torch import Tensor

from shared.prompting.prompt import Prompt
from shared.vlm.checkpoint.pixel_limits import PixelLimits
from shared.vlm.engine.inputs.chat_template import rendered
from shared.vlm.engine.inputs.protocol import Inputs


class ProcessorInputs:
    """The inputs of a model with a processor, a chat template and image tokens.

    The processor comes from `families.load_processor`, with its template and its limits; here each
    image is scaled to the limits.
    """

    def __init__(
        self,
        processor: Any,
        *,
        limits: PixelLimits,
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        self._processor = processor
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
        tokenizer = self._processor.tokenizer
        texts = [
            rendered(tokenizer, self._processor.chat_template, item.messages()) for item in prompts
        ]
        scaled = [[self._limits.scaled(image) for image in row] for row in images]
        encoded = self._processor(
            text=texts,
            images=scaled if any(scaled) else None,
            padding=True,
            return_tensors="pt",
            add_special_tokens=False,  # the template writes them
        )
        inputs = {name: self._placed(value) for name, value in encoded.items()}
        # As in training, an answer has its own tokens: SentencePiece begins it with a space.
        begins = [
            self._tokens(item.answer_prefix) if with_answer_prefix else [] for item in prompts
        ]
        ends = [[*begin, *answer] for begin in begins]
        return with_row_ends(inputs, ends, pad=tokenizer.pad_token_id)

    def last_logits(self, model: Any, inputs: Inputs, *, columns: int) -> Tensor:
        """Logits at the last `columns` positions: (rows, columns, vocabulary)."""
        if "logits_to_keep" in inspect.signature(model.forward).parameters:
            logits: Tensor = model(**inputs, logits_to_keep=columns).logits
            return logits
        every: Tensor = model(**inputs).logits
        return every[:, -columns:]

    def _tokens(self, text: str) -> list[int]:
        return list(self._processor.tokenizer(text, add_special_tokens=False)["input_ids"])

    def _placed(self, value: Any) -> Any:
        if not isinstance(value, Tensor):
            return value
        return value.to(self._device, self._dtype if value.is_floating_point() else None)


def with_row_ends(inputs: Inputs, ends: Sequence[Sequence[int]], *, pad: int) -> Inputs:
    """The inputs with text tokens of its own at the end of each row; all rows end together."""
    longest = max(map(len, ends))
    if not longest:
        return inputs
    ids = inputs["input_ids"]
    rows, columns = ids.shape
    lengthened = {}
    for name, tensor in inputs.items():
        if not isinstance(tensor, Tensor) or tensor.shape != ids.shape:
            continue
        # All other tensors of this shape say what kind of token a column has; 0 is text.
        longer = tensor.new_full((rows, columns + longest), pad if name == "input_ids" else 0)
        for row, end in enumerate(ends):
            start = longest - len(end)
            longer[row, start : start + columns] = tensor[row]
            if name == "input_ids":
                longer[row, start + columns :] = torch.tensor(end)
            elif name == "attention_mask":
                longer[row, start + columns :] = 1
        lengthened[name] = longer
    return inputs | lengthened
