"""Classify images by comparing their mean token with word embeddings (zero-shot head).

Five softmaxes over the tied word embeddings, one for each element; each of them also has the word
for an unknown value.
"""

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from shared.prompting.prompt import UNKNOWN
from shared.vlm.engine.qwen_forward import Blocks
from training.nano.model.vision_tower import encode_images
from training.nano.model.vocabulary import WORDS
from training.prefersim.drawing.renderer import Pixels
from training.prefersim.values.vocabulary import SIZES, UNKNOWN_VALUE, Attributes

SHARPNESS = 2.0
"""Factor of the logits."""


def word_ids(tokenizer: Any) -> Tensor:
    """Token ids of all profile words, and last of `UNKNOWN`: (words + 1,)."""
    return torch.tensor(tokenizer.convert_tokens_to_ids([f" {w}" for w in (*WORDS, UNKNOWN)]))


def word_logits(
    model: Any, words: Tensor, pixels: Pixels | Tensor, blocks: Blocks | None
) -> tuple[Tensor, ...]:
    """For each element, the logits of its words and of `UNKNOWN`: five times (n, values + 1)."""
    mean_token = encode_images(model, pixels, blocks=blocks).mean(1).float()
    embeddings = model.model.language_model.embed_tokens(words)  # (words + 1, d)
    logits = SHARPNESS * mean_token @ embeddings.T
    by_element = logits[:, :-1].split(SIZES, dim=1)
    return tuple(torch.cat([element, logits[:, -1:]], dim=1) for element in by_element)


def targets(attributes: Attributes) -> Tensor:
    """The index of the true logit for each element: (n, 5)."""
    return torch.from_numpy(np.where(attributes == UNKNOWN_VALUE, SIZES, attributes))


def zero_shot_loss(
    model: Any,
    words: Tensor,
    pixels: Pixels | Tensor,
    truth: Tensor,
    *,
    blocks: Blocks | None = None,
) -> Tensor:
    """The sum of the five cross entropies: a scalar."""
    logits = word_logits(model, words, pixels, blocks)
    truth = truth.to(words.device)
    losses = [F.cross_entropy(of_element, truth[:, j]) for j, of_element in enumerate(logits)]
    return torch.stack(losses).sum()
