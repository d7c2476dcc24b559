"""Go back a part of the way to the weights of the start, which keeps what the model knew before.

Weights between those before and after a training on new data keep most of what it taught, and lose
much less of what was known (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models").
"""

from typing import Any


class StartWeights:
    """A copy of the trained weights, made before the first step."""

    def __init__(self, model: Any) -> None:
        self._weights = {
            name: weight.detach().clone()
            for name, weight in model.named_parameters()
            if weight.requires_grad
        }

    def keep_share_of_change(self, model: Any, share: float) -> None:
        """Change the weights to start + share * (now - start)."""
        import torch

        with torch.no_grad():
            for name, weight in model.named_parameters():
                if name in self._weights:
                    start = self._weights[name].to(weight.device)
                    weight.copy_(start.lerp(weight, share))
