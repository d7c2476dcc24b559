"""Both optimizers under one schedule: Muon for the blocks' matrices, AdamW for everything else."""

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from training.nano.train.muon import Muon

WARM_UP_STEPS = 50
LARGEST_GRADIENT = 1.0
ADAM_RATE, MUON_RATE = 1e-3, 0.02
"""Peak learning rates, at the end of the warm-up."""


class Optimizer:
    """Linear warm-up, then cosine decay to zero; each step clips and clears the gradients."""

    def __init__(
        self,
        named: Iterable[tuple[str, Tensor]],
        *,
        steps: int,
        adam_rate: float = ADAM_RATE,
        muon_rate: float = MUON_RATE,
    ) -> None:
        trained = [(name, weight) for name, weight in named if weight.requires_grad]
        matrices = [weight for name, weight in trained if _is_block_matrix(name, weight)]
        rest = [weight for name, weight in trained if not _is_block_matrix(name, weight)]
        self._both = (
            Muon(matrices, lr=muon_rate),
            torch.optim.AdamW(rest, lr=adam_rate, betas=(0.9, 0.98), weight_decay=0.02),
        )
        self._rates = (muon_rate, adam_rate)
        self._weights = [weight for _, weight in trained]
        self._steps = steps

    def step(self, number: int) -> None:
        """Take step `number`, counted from 0."""
        torch.nn.utils.clip_grad_norm_(self._weights, LARGEST_GRADIENT)
        for optimizer, rate in zip(self._both, self._rates, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = rate * schedule(number, steps=self._steps)
            optimizer.step()
        for weight in self._weights:
            weight.grad = None

    def state_dict(self) -> list[dict[str, Any]]:
        return [optimizer.state_dict() for optimizer in self._both]

    def load_state_dict(self, states: list[dict[str, Any]]) -> None:
        for optimizer, state in zip(self._both, states, strict=True):
            optimizer.load_state_dict(state)


def schedule(step: int, *, steps: int) -> float:
    """Share of the peak learning rate at a step: linear warm-up, half a cosine of decay."""
    rising = (step + 1) / min(WARM_UP_STEPS, max(1, steps // 4))
    falling = 0.5 + 0.5 * math.cos(math.pi * min(1.0, step / steps))
    return min(rising, falling)


def _is_block_matrix(name: str, weight: Tensor) -> bool:
    return weight.ndim == 2 and (".blocks." in name or ".layers." in name)
