"""Advantages equal a plain reference, and groups without a signal are found."""

import math
from collections.abc import Sequence
from statistics import fmean, stdev

import pytest
import torch

from training.finetuning.grpo.advantages import dead_groups, leave_one_out, weight_advantages
from training.rewards.reward import Advantages

NAN = math.nan
WEIGHTS = torch.tensor([0.7, 0.3, 1.0])


def test_leave_one_out_is_the_reward_minus_the_mean_of_the_others() -> None:
    rewards = [0.2, 0.9, 0.4, 0.5, 1.0, 1.0, 0.0, 0.3]
    groups = [rewards[:4], rewards[4:]]
    expected = [
        reward - fmean(group[:at] + group[at + 1 :])
        for group in groups
        for at, reward in enumerate(group)
    ]
    from_mean = torch.tensor([r - fmean(group) for group in groups for r in group])
    assert leave_one_out(from_mean, group=4).tolist() == pytest.approx(expected)


@pytest.mark.parametrize(
    ("rewards", "way", "dead"),
    [
        ([[0.5, 1.0, 0.6], [0.5, 1.0, 0.6]], "grpo", True),
        ([[0.5, 1.0, 0.6], [0.5, 1.0, 0.7]], "grpo", False),
        ([[NAN, 1.0, 0.6], [NAN, 1.0, 0.6]], "grpo", True),
        ([[NAN, NAN, NAN], [NAN, NAN, NAN]], "grpo", True),
        # .7 x 1 + 1 x .3 = .7 x 0 + 1 x 1: the sum hides what the single rewards show.
        ([[1.0, 1.0, 0.3], [0.0, 1.0, 1.0]], "grpo", True),
        ([[1.0, 1.0, 0.3], [0.0, 1.0, 1.0]], "rloo", True),
        ([[1.0, 1.0, 0.3], [0.0, 1.0, 1.0]], "gdpo", False),
        ([[0.5, 1.0, 0.6], [0.5, 1.0, 0.6]], "gdpo", True),
    ],
)
def test_a_group_is_dead_where_all_its_answers_earn_the_same(
    rewards: Sequence[Sequence[float]], way: Advantages, dead: bool
) -> None:
    assert dead_groups(torch.tensor(rewards), WEIGHTS, group=2, way=way).tolist() == [dead]


def test_advantages_get_the_weight_of_their_group_and_dead_groups_are_left_out() -> None:
    advantages = torch.tensor([0.5, -0.5, 0.0, 0.0, 1e-9, -1e-9, -0.25, 0.25])
    weights = torch.tensor([2.0, 2.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.5])
    dead = torch.tensor([False, True, True, False])
    weighted = weight_advantages(advantages, weights, dead=dead, group=2)
    assert weighted.advantages.tolist() == [1.0, -1.0, 0, 0, 0, 0, -0.125, 0.125]
    assert weighted.live.tolist() == [True, True, False, False, False, False, True, True]
    assert weighted.dead_groups == 2


def test_trl_normalizes_each_reward_by_itself_for_gdpo() -> None:
    """The formula of arXiv 2601.05242 in plain Python, against TRL's lines in a batch."""
    rewards = [[0.1, 1.0, 0.5], [0.9, 1.0, 0.7], [0.4, 0.0, 0.2], [0.4, 1.0, 0.8]]
    by_reward = list(zip(*rewards, strict=True))
    normalized = [
        [(value - fmean(column)) / (stdev(column) + 1e-4) for value in column]
        for column in by_reward
    ]
    summed = [
        sum(w * column[row] for w, column in zip(WEIGHTS.tolist(), normalized, strict=True))
        for row in range(4)
    ]
    expected = [(value - fmean(summed)) / (stdev(summed) + 1e-4) for value in summed]
    assert trl_advantages(rewards, group=4) == pytest.approx(expected, abs=1e-5)


def trl_advantages(rewards: Sequence[Sequence[float]], *, group: int) -> list[float]:
    """What TRL's trainer computes with `normalize_then_sum`, from its own helpers."""
    from trl.trainer.utils import nanstd

    grouped = torch.tensor(rewards).view(-1, group, len(WEIGHTS))
    spread = nanstd(grouped, dim=1, keepdim=True) + 1e-4
    each = ((grouped - grouped.nanmean(dim=1, keepdim=True)) / spread).view(-1, len(WEIGHTS))
    summed = (each * WEIGHTS).nansum(dim=1)
    advantages: list[float] = ((summed - summed.nanmean()) / (nanstd(summed) + 1e-4)).tolist()
    return advantages
