"""GRPO trainer that leaves out groups without a learning signal and weights the others."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor
from trl import GRPOTrainer

from training.finetuning.grpo.prefix_sharing import SharedPrompts

ROUNDING: Final = 1e-6
"""Smaller advantages come from rounding; rewards are sums of a few tenths."""


@dataclass(frozen=True)
class WeightedAdvantages:
    """Advantages (completions,) and which completions count (completions,)."""

    advantages: Tensor
    live: Tensor
    dead_groups: int


def weight_advantages(advantages: Tensor, weights: Tensor, *, group: int) -> WeightedAdvantages:
    """Weight the advantages; the `group` completions of one prompt are neighbors.

    A group with equal rewards for all completions has no learning signal (a dead group). If it
    stayed, it would still count in the mean and in the KL divergence. At 95 % accuracy, two of
    three groups are dead.
    """
    by_group = advantages.view(-1, group)  # (groups, group)
    alive = by_group.abs().amax(dim=1) > ROUNDING  # (groups,)
    return WeightedAdvantages(
        advantages * weights.to(advantages),
        alive.repeat_interleave(group),
        int((~alive).sum()),
    )


class GroupTrainer(GRPOTrainer):
    """TRL's trainer with a step between its rewards and its loss.

    If prompts are shared, the learning pass skips dead groups.
    """

    prompts: SharedPrompts | None = None
    _live: Tensor | None = None

    def _get_per_token_logps_and_entropies(
        self, model: Any, ids: Tensor, mask: Tensor, logits_to_keep: int, *args: Any, **kwargs: Any
    ) -> Any:
        shared = self.prompts and self.prompts.completions(logits_to_keep, live=self._live)
        with shared or nullcontext():
            return super()._get_per_token_logps_and_entropies(
                model, ids, mask, logits_to_keep, *args, **kwargs
            )

    def _compute_loss(self, model: Any, inputs: dict[str, Any]) -> Any:
        self._live = inputs["tool_mask"].any(dim=1)
        try:
            return super()._compute_loss(model, inputs)
        finally:
            self._live = None

    def _generate_and_score_completions(self, inputs: list[dict[str, Any]]) -> dict[str, Any]:
        output: dict[str, Any] = super()._generate_and_score_completions(inputs)
        weights = _weights(inputs)
        weighted = weight_advantages(
            output["advantages"], torch.tensor(weights), group=self.num_generations
        )
        output["advantages"] = weighted.advantages
        # The loss is taken where completion mask and tool mask are one; ours marks live groups.
        mask = output["completion_mask"]
        output["tool_mask"] = weighted.live.to(mask)[:, None].expand_as(mask).contiguous()
        counted = (mask * output["tool_mask"]).sum()
        output["num_items_in_batch"] = self.accelerator.gather(counted).sum()
        groups = len(inputs) // self.num_generations
        metrics = self._metrics["train" if self.model.training else "eval"]
        metrics["groups/dead"].append(float(weighted.dead_groups))
        metrics["groups/live"].append(float(groups - weighted.dead_groups))
        return output


def _weights(inputs: Sequence[dict[str, Any]]) -> list[float]:
    weights = [float(row.get("weight", 1.0)) for row in inputs]
    if any(not 0 <= weight < float("inf") for weight in weights):
        raise ValueError("A pair's weight must be a finite number from 0: check the file of cases.")
    return weights
