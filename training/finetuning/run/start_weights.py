"""Go back a part of the way to the updates of the start, which keeps what the model knew before.

Weights between those before and after a training on new data keep most of what it taught, and lose
much less of what was known (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models",
section 3).
"""

from collections.abc import Iterator
from typing import Any

from torch import Tensor


class StartWeights:
    """A copy of the low-rank updates B A that are trained, made before the first step."""

    def __init__(self, model: Any) -> None:
        self._factors = {
            name: (a.detach().clone(), b.detach().clone()) for name, a, b in _trained(model)
        }

    def keep_share_of_change(self, model: Any, share: float) -> None:
        """Change each update to start + share * (now - start), as nearly as its rank allows.

        It is exact where the start is zero, as that of a new adapter.
        """
        import torch

        with torch.no_grad():
            for name, a, b in _trained(model):
                start_a, start_b = (factor.to(a.device) for factor in self._factors[name])
                new_a, new_b = low_rank_mean((start_a, start_b), (a, b), share=share)
                a.copy_(new_a)
                b.copy_(new_b)


def low_rank_mean(
    start: tuple[Tensor, Tensor], end: tuple[Tensor, Tensor], *, share: float
) -> tuple[Tensor, Tensor]:
    """The nearest update of the same rank to (1 - share) * start + share * end.

    Updates are pairs of A (rank, inputs) and B (outputs, rank). The truncated singular value
    decomposition is the nearest one (Eckart and Young 1936).
    """
    import torch

    rows = torch.cat([start[0], end[0]]).double()
    columns = torch.cat([(1 - share) * start[1], share * end[1]], dim=1).double()
    base, left = torch.linalg.qr(columns)
    other_base, right = torch.linalg.qr(rows.T)
    u, sizes, v = torch.linalg.svd(left @ right.T, full_matrices=False)
    rank = len(end[0])
    roots = sizes[:rank].sqrt()
    a = (other_base @ (v[:rank].T * roots)).T
    b = base @ (u[:, :rank] * roots)
    missing = rank - len(a)  # of a layer with fewer inputs or outputs than its rank
    if missing > 0:
        a = torch.nn.functional.pad(a, (0, 0, 0, missing))
        b = torch.nn.functional.pad(b, (0, missing))
    return a.to(end[0].dtype), b.to(end[1].dtype)


def _trained(model: Any) -> Iterator[tuple[str, Any, Any]]:
    """Name, A and B of each update that is trained."""
    for name, module in model.named_modules():
        for adapter, down in getattr(module, "lora_A", {}).items():
            if down.weight.requires_grad:
                yield f"{name}.{adapter}", down.weight, module.lora_B[adapter].weight
