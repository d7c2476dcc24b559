"""Hold the mean token of an image against the embeddings of the taste words: what it shows.

Five softmaxes over the tied word embeddings, one an element, each with the word for what cannot be
told.
"""

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from shared.prompting.prompt import UNKNOWN
from shared.vlm.engine.qwen_forward import Blocks
from training.nano.model.vision_tower import look
from training.nano.model.vocabulary import WORDS
from training.prefersim.drawing.renderer import Pixels
from training.prefersim.values.vocabulary import SIZES, UNKNOWN_VALUE, Attributes

SHARPNESS = 2.0


def answer_ids(tokenizer: Any) -> Tensor:
    """The tokens of all taste words, and last that of what cannot be told."""
    return torch.tensor(tokenizer.convert_tokens_to_ids([f" {w}" for w in (*WORDS, UNKNOWN)]))


def word_logits(
    model: Any, answers: Tensor, pixels: Pixels | Tensor, blocks: Blocks | None
) -> tuple[Tensor, ...]:
    """For each element the logits of its words and of `UNKNOWN`: five of (n, values + 1)."""
    mean_token = look(model, pixels, blocks=blocks).mean(1).float()
    words = model.model.language_model.embed_tokens(answers)  # (values of all elements + 1, d)
    logits = SHARPNESS * mean_token @ words.T
    by_element = logits[:, :-1].split(SIZES, dim=1)
    return tuple(torch.cat([one, logits[:, -1:]], dim=1) for one in by_element)


def wanted(attributes: Attributes) -> Tensor:
    """Which logit should be the highest, for each element: (n, 5)."""
    return torch.from_numpy(np.where(attributes == UNKNOWN_VALUE, SIZES, attributes))


def naming_loss(
    model: Any,
    answers: Tensor,
    pixels: Pixels | Tensor,
    truth: Tensor,
    *,
    blocks: Blocks | None = None,
) -> Tensor:
    """The sum over the elements of their cross entropies: a scalar."""
    logits = word_logits(model, answers, pixels, blocks)
    truth = truth.to(answers.device)
    losses = [F.cross_entropy(one, truth[:, j]) for j, one in enumerate(logits)]
    return torch.stack(losses).sum()
