"""Turn the rewards of groups of answers into advantages, and find groups without a signal.

Three ways, each without the group's deviation as a divisor unless it says so:

* `grpo`: the sum of the weighted rewards minus the group's mean (arXiv 2503.20783: dividing by the
  deviation inflates groups that hardly differ). TRL computes it.
* `gdpo`: each reward minus its group's mean, divided by its group's deviation; then summed with the
  weights and normalized over the batch (arXiv 2601.05242). TRL computes it.
* `rloo`: each answer's reward minus the mean of the *other* answers of its group (arXiv
  2402.14740). It equals `grpo` times G / (G - 1) for G answers.
"""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from training.rewards.reward import Advantages

ROUNDING: Final = 1e-6
"""Smaller differences come from rounding; rewards are sums of a few tenths."""


@dataclass(frozen=True)
class WeightedAdvantages:
    """Advantages (completions,) and which completions count (completions,)."""

    advantages: Tensor
    live: Tensor
    dead_groups: int


def dead_groups(rewards: Tensor, weights: Tensor, *, group: int, way: Advantages) -> Tensor:
    """Which groups have no learning signal, (groups,) of bool.

    `rewards` are (completions, rewards) with NaN where a reward does not apply, `weights` are
    (rewards,); the `group` completions of one prompt are neighbors. A group is dead when the sum of
    its rewards is the same for all completions; with `gdpo`, when each of them is: two rewards that
    cancel in the sum differ there.
    """
    weighted = (rewards * weights.to(rewards)).nan_to_num(nan=0.0)
    if way != "gdpo":
        weighted = weighted.sum(dim=1, keepdim=True)
    by_group = weighted.view(-1, group, weighted.shape[1])  # (groups, group, rewards)
    spread = by_group.amax(dim=1) - by_group.amin(dim=1)
    return (spread <= ROUNDING).all(dim=1)


def leave_one_out(advantages: Tensor, *, group: int) -> Tensor:
    """Rewards minus the mean of the group's other rewards, from rewards minus the group's mean."""
    return advantages * (group / (group - 1))


def weight_advantages(
    advantages: Tensor, weights: Tensor, *, dead: Tensor, group: int
) -> WeightedAdvantages:
    """Weight the advantages, and mark the completions of live groups.

    If a dead group stayed, it would still count in the mean and in the KL divergence. At 95 %
    accuracy, two of three groups are dead.
    """
    alive = (~dead).repeat_interleave(group).to(advantages.device)
    weighted = torch.where(alive, advantages * weights.to(advantages), 0.0)
    return WeightedAdvantages(weighted, alive, int(dead.sum()))
