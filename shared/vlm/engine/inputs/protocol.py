"""Define how prompts with images become the inputs of a model, whatever its architecture."""

from collections.abc import Sequence
from typing import Any, Protocol

from PIL.Image import Image
from torch import Tensor

from shared.prompting.prompt import Prompt

Inputs = dict[str, Tensor]
"""Keyword arguments of a model's forward; `input_ids` is (rows, columns), padded on the left."""


class ModelInputs(Protocol):
    """The inputs of one checkpoint, and the forward pass in which rows may share a prefix."""

    def encode(
        self,
        prompts: Sequence[Prompt],
        images: Sequence[Sequence[Image]],
        *,
        with_answer_prefix: bool,
        answer: Sequence[int] = (),
    ) -> Inputs:
        """One row for each prompt with its images; each row ends with the tokens of `answer`."""
        ...

    def last_logits(self, model: Any, inputs: Inputs, *, columns: int) -> Tensor:
        """Logits at the last `columns` positions: (rows, columns, vocabulary)."""
        ...
