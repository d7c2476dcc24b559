"""Dead groups are replaced by live ones of other prompts, in a bounded number of rounds."""

from collections.abc import Sequence

import torch
from torch import Tensor

from training.finetuning.grpo.resampling import Resampled, Row, Sampled, other_prompts, resample

GROUP = 2
LIVE = frozenset({"c", "e"})
"""Users whose answers differ in reward."""


def sample(rows: list[Row]) -> Sampled:
    texts = [f"{row['user']}{number % GROUP}" for number, row in enumerate(rows)]
    rewards = [[float(row["user"] in LIVE and n % GROUP)] for n, row in enumerate(rows)]
    generated = ([[n] for n in range(len(rows))], texts, None, [], {"extra": texts})
    return Sampled(rows, generated, torch.tensor(rewards))


def dead(rewards: Tensor) -> Tensor:
    by_group = rewards.view(-1, GROUP)
    return by_group[:, 0] == by_group[:, 1]


def rows(users: str, task: str = "predict") -> list[Row]:
    return [{"user": user, "task": task} for user in users for _ in range(GROUP)]


def run(users: str, pool: str, *, rounds: int, task: str = "predict") -> Resampled:
    left = list(pool)

    def draw(count: int) -> Sequence[Row]:
        drawn = [{"user": user, "task": "predict"} for user in left[:count]]
        del left[:count]
        return drawn

    return resample(
        sample(rows(users, task)),
        sample=sample, find_dead=dead, draw=draw, rounds=rounds, group=GROUP,
    )  # fmt: skip


def users_of(result: Resampled) -> str:
    return "".join(str(row["user"]) for row in result.sampled.rows[::GROUP])


def test_a_dead_group_gives_its_place_to_a_live_one_with_all_its_values() -> None:
    result = run("acb", pool="de", rounds=1)
    assert users_of(result) == "ecb"
    assert (result.dead_at_first, result.drawn) == (2, 2)
    assert result.sampled.generated[1] == ["e0", "e1", "c0", "c1", "b0", "b1"]
    assert result.sampled.generated[4]["extra"][:2] == ["e0", "e1"]
    assert result.sampled.generated[2] is None
    assert dead(result.sampled.rewards).tolist() == [False, False, True]


def test_rounds_end_when_all_groups_live_when_they_are_used_up_and_when_the_pool_is_empty() -> None:
    assert run("ce", pool="ab", rounds=5).drawn == 0
    assert run("ab", pool="dfghij", rounds=2).drawn == 4
    assert run("ab", pool="d", rounds=9).drawn == 1
    assert run("ab", pool="de", rounds=0).drawn == 0


def test_scores_are_not_replaced() -> None:
    assert run("ab", pool="ce", rounds=3, task="score").drawn == 0


def test_other_prompts_depend_on_the_seed_and_the_step_alone() -> None:
    tasks = ["predict", "score", "predict", "predict", "predict", "predict"]
    first = other_prompts(tasks, seed=1, step=4)
    assert first == other_prompts(tasks, seed=1, step=4)
    assert sorted(first) == [0, 2, 3, 4, 5]
    orders = {tuple(other_prompts(tasks, seed=1, step=step)) for step in range(20)}
    assert len(orders) > 1
