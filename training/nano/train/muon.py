"""Muon optimizer: orthogonalised momentum updates for the matrices of the blocks."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
"""Coefficients that bring every singular value near one within five iterations."""


def orthogonalized(gradients: Tensor, *, iterations: int = 5) -> Tensor:
    """Matrices (..., rows, columns) near the gradients, with all singular values near one.

    Newton-Schulz iteration in half precision.
    """
    a, b, c = NEWTON_SCHULZ
    x = gradients.bfloat16()
    tall = x.shape[-2] > x.shape[-1]
    x = x.mT if tall else x
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(iterations):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return (x.mT if tall else x).float()


class Muon(torch.optim.Optimizer):
    """Nesterov momentum, orthogonal updates, decoupled weight decay; only for matrices."""

    def __init__(
        self,
        params: Iterable[Tensor],
        *,
        lr: float = 0.02,
        momentum: float = 0.95,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        for group in self.param_groups:
            weights = [weight for weight in group["params"] if weight.grad is not None]
            parts = [part for weight in weights for part in self._parts(weight, group)]
            updates = iter(_orthogonalized_parts(parts))
            for weight in weights:
                update = torch.cat([next(updates) for _ in range(_matrices(weight))])
                scale = max(1.0, len(update) / _matrices(weight) / update.shape[1]) ** 0.5
                weight.mul_(1 - group["lr"] * group["weight_decay"])
                weight.add_(update, alpha=-group["lr"] * scale)

    def _parts(self, weight: Tensor, group: dict[str, Any]) -> Sequence[Tensor]:
        """The momentum update of each matrix of the weight, not yet orthogonalised."""
        state = self.state[weight]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(weight)
        assert weight.grad is not None
        momentum = state["momentum"].lerp_(weight.grad, 1 - group["momentum"])
        return weight.grad.lerp(momentum, group["momentum"]).chunk(_matrices(weight))


def _matrices(weight: Tensor) -> int:
    """Number of matrices in a weight: a fused query-key-value weight holds three."""
    rows, columns = weight.shape
    return 3 if rows == 3 * columns else 1


def _orthogonalized_parts(parts: Sequence[Tensor]) -> list[Tensor]:
    """Orthogonalise every part; equal shapes share one call, which takes a fifth of the time."""
    by_shape: dict[torch.Size, list[int]] = defaultdict(list)
    for k, part in enumerate(parts):
        by_shape[part.shape].append(k)
    updates: dict[int, Tensor] = {}
    for places in by_shape.values():
        stacked = orthogonalized(torch.stack([parts[k] for k in places]))
        updates |= dict(zip(places, stacked, strict=True))
    return [updates[k] for k in range(len(parts))]
