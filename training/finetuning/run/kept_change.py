"""Go back a part of the way to the base model, which keeps what the model knew before.

Weights between those before and after a training on new data keep most of what it taught, and lose
much less of what was known (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models",
section 3). The way back leads to the base, not to the adapter that a training continues: trainings
that follow each other, night by night, would otherwise move away from the base without end.
"""

from typing import Any


def keep_share_of_change(model: Any, share: float) -> None:
    """Multiply each low-rank update B A that is trained by `share`, in place."""
    import torch

    with torch.no_grad():
        for module in model.modules():
            for adapter, down in getattr(module, "lora_A", {}).items():
                if down.weight.requires_grad:
                    module.lora_B[adapter].weight.mul_(share)
