"""GRPO with groups that cannot teach left out, and each group weighted by its pair's label."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor
from trl import GRPOTrainer

from training.finetuning.grpo.prefix_sharing import SharedQuestions

ALIKE: Final = 1e-6
"""Advantages below it come from rounding; rewards are sums of a few tenths."""


@dataclass(frozen=True)
class Weighed:
    """Advantages (answers,) and which answers count (answers,)."""

    advantages: Tensor
    live: Tensor
    dead_groups: int


def weigh(advantages: Tensor, weights: Tensor, *, group: int) -> Weighed:
    """Answers to one question stand together, `group` of them.

    A group whose answers earned the same has no direction to teach. Left in, it would still count
    in the mean and in the divergence, and at 95 % accuracy two of three groups are such.
    """
    by_group = advantages.view(-1, group)  # (groups, group)
    alive = by_group.abs().amax(dim=1) > ALIKE  # (groups,)
    return Weighed(
        advantages * weights.to(advantages),
        alive.repeat_interleave(group),
        int((~alive).sum()),
    )


class GroupTrainer(GRPOTrainer):
    """The library's trainer between its rewards and its loss.

    Where questions are read once, a dead group is not read again to learn from.
    """

    questions: SharedQuestions | None = None
    _live: Tensor | None = None

    def _get_per_token_logps_and_entropies(
        self, model: Any, ids: Tensor, mask: Tensor, logits_to_keep: int, *args: Any, **told: Any
    ) -> Any:
        shared = self.questions and self.questions.answered(logits_to_keep, live=self._live)
        with shared or nullcontext():
            return super()._get_per_token_logps_and_entropies(
                model, ids, mask, logits_to_keep, *args, **told
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
        weighed = weigh(output["advantages"], torch.tensor(weights), group=self.num_generations)
        output["advantages"] = weighed.advantages
        # The loss is taken where completion and tool mask are one; ours tells of live answers.
        mask = output["completion_mask"]
        output["tool_mask"] = weighed.live.to(mask)[:, None].expand_as(mask).contiguous()
        counted = (mask * output["tool_mask"]).sum()
        output["num_items_in_batch"] = self.accelerator.gather(counted).sum()
        groups = len(inputs) // self.num_generations
        measures = self._metrics["train" if self.model.training else "eval"]
        measures["groups/dead"].append(float(weighed.dead_groups))
        measures["groups/live"].append(float(groups - weighed.dead_groups))
        return output


def _weights(inputs: Sequence[dict[str, Any]]) -> list[float]:
    weights = [float(row.get("weight", 1.0)) for row in inputs]
    if any(not 0 <= weight < float("inf") for weight in weights):
        raise ValueError("A pair's weight must be a finite number from 0: check the cases' file.")
    return weights
