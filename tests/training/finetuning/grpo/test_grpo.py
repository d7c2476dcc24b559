"""GRPO raises an easy reward, leaves dead groups out, weights groups, and resumes exactly."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.finetuning import tiny_runs
from training.finetuning.grpo.train import grpo_trainer, train_grpo
from training.finetuning.run.config import BadConfig
from training.finetuning.run.runner import prepare
from training.rewards.reward import Rewards

LOW_TOKENS = 220
"""Ids below it are special tokens, bytes and merges: about half of the tiny vocabulary."""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_runs.write_base(tmp_path_factory.mktemp("base") / "tiny", sharpness=1.0)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def low_tokens(completions: Any, completion_ids: Sequence[Sequence[int]], **_: Any) -> Rewards:
    return [sum(token < LOW_TOKENS for token in ids) / max(1, len(ids)) for ids in completion_ids]


def constant(completions: Sequence[Any], **_: Any) -> Rewards:
    return [1.0] * len(completions)


def not_applicable(completions: Sequence[Any], **_: Any) -> Rewards:
    return [None] * len(completions)


def recorded(folder: Path, name: str) -> list[float]:
    """The values of a metric in the training curves."""
    lines = (folder / "curves.jsonl").read_text().splitlines()
    return [row[name] for row in map(json.loads, lines) if name in row]


def test_the_reward_of_an_easy_task_rises(base: Path, tmp_path: Path) -> None:
    config = tiny_runs.grpo_config(base, tmp_path, steps=25, save_every=25, cases=30, beta=0.0)
    tiny_runs.run_grpo(config, [low_tokens, not_applicable, not_applicable])
    reward = recorded(tmp_path, "reward")
    assert sum(reward[-5:]) > sum(reward[:5]) + 0.5


def test_groups_with_equal_rewards_change_no_weights(base: Path, tmp_path: Path) -> None:
    config = tiny_runs.grpo_config(base, tmp_path, steps=2, beta=0.5)
    finished = tiny_runs.run_grpo(config, [constant, not_applicable, not_applicable])
    assert recorded(tmp_path, "groups/dead") == [2, 2]
    assert recorded(tmp_path, "groups/live") == [0, 0]
    assert recorded(tmp_path, "grad_norm") == [0, 0]
    adapter = tiny_runs.weights(finished.adapter)
    assert all(not weight.any() for name, weight in adapter.items() if "lora_B" in name)


def test_a_killed_run_resumes_to_the_result_of_an_uninterrupted_run(
    base: Path, tmp_path: Path
) -> None:
    rewards = [low_tokens, not_applicable, not_applicable]
    whole = tiny_runs.run_grpo(tiny_runs.grpo_config(base, tmp_path / "whole"), rewards)
    config = tiny_runs.grpo_config(base, tmp_path / "killed")
    with pytest.raises(KeyboardInterrupt):
        tiny_runs.run_grpo(config, rewards, killed_at=3)
    resumed = tiny_runs.run_grpo(config, rewards)
    assert tiny_runs.same_weights(whole.adapter, resumed.adapter)
    expected = recorded(tmp_path / "whole", "reward")
    assert recorded(tmp_path / "killed", "reward") == expected


def test_a_reward_that_always_agrees_ends_the_run_early_and_leaves_the_model_as_it_was(
    base: Path, tmp_path: Path
) -> None:
    config = tiny_runs.grpo_config(base, tmp_path, steps=20, save_every=20, tasks=("predict",))
    finished = tiny_runs.run_grpo(config, [constant, not_applicable, not_applicable])
    assert finished.steps == 0
    assert "earned the same in 3 steps in a row" in finished.note
    assert not finished.ran_out_of_time
    assert len(recorded(tmp_path, "groups/dead")) == 3
    assert recorded(tmp_path, "groups/drawn") == [4, 4, 4]  # two groups, two rounds
    adapter = tiny_runs.weights(finished.adapter)
    assert all(not weight.any() for name, weight in adapter.items() if "lora_B" in name)


def test_dead_groups_are_replaced_by_other_prompts(base: Path, tmp_path: Path) -> None:
    """Only the answers to one user differ in reward, and they are in the batch after two rounds."""
    config = tiny_runs.grpo_config(
        base, tmp_path, steps=1, tasks=("predict",), cases=6, beta=0.0, resample_rounds=6
    )

    def one_user(
        completions: Any, completion_ids: Sequence[Sequence[int]], pair: Sequence[int], **_: Any
    ) -> Rewards:
        low = low_tokens(completions, completion_ids)
        return [reward if user == 5 else 1.0 for reward, user in zip(low, pair, strict=True)]

    tiny_runs.run_grpo(config, [one_user, not_applicable, not_applicable])
    assert recorded(tmp_path, "groups/dead_at_first") == [2]
    assert recorded(tmp_path, "groups/dead") == [1]
    assert recorded(tmp_path, "groups/live") == [1]
    assert recorded(tmp_path, "grad_norm")[0] > 0


@pytest.mark.parametrize("way", ["gdpo", "rloo"])
def test_every_kind_of_advantage_raises_an_easy_reward(
    base: Path, tmp_path: Path, way: str
) -> None:
    config = tiny_runs.grpo_config(
        base, tmp_path, steps=25, save_every=25, cases=30, beta=0.0, advantages=way
    )
    tiny_runs.run_grpo(config, [low_tokens, not_applicable, not_applicable])
    reward = recorded(tmp_path, "reward")
    assert sum(reward[-5:]) > sum(reward[:5]) + 0.5


def test_a_batch_that_splits_pairs_is_an_error(base: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="multiple of 16"):
        tiny_runs.grpo_config(base, tmp_path, optimizing={"learning_rate": 1e-3, "batch": 8})


def test_too_few_cases_for_one_step_are_an_error(base: Path, tmp_path: Path) -> None:
    config = tiny_runs.grpo_config(base, tmp_path, tasks=("predict",), cases=1)
    with pytest.raises(BadConfig, match="give more cases"):
        tiny_runs.run_grpo(config, [low_tokens, not_applicable, not_applicable])


def test_longer_prompts_in_a_batch_do_not_change_the_probabilities_of_a_completion(
    base: Path, tmp_path: Path
) -> None:
    """With padding on the wrong side, short prompts would get the positions of other tokens."""
    config = tiny_runs.grpo_config(base, tmp_path, tasks=("predict", "score"), cases=12)
    prepare(config, with_reward_model=True)
    trainer = grpo_trainer(
        config, tiny_runs.load(config), [constant, not_applicable, not_applicable]
    )
    rows = [trainer.train_dataset[at] for at in range(len(trainer.train_dataset))]
    long, short = (
        next(row for row in rows if row["task"] == task) for task in ("predict", "score")
    )
    output = trainer._generate_and_score_completions([long] * 8 + [short] * 8)
    for at, row in ((0, long), (8, short)):
        prompt, completion = (
            output[f"{part}_ids"][at][output[f"{part}_mask"][at].bool()]
            for part in ("prompt", "completion")
        )
        in_batch = output["ref_per_token_logps"][at][: len(completion)]
        alone = log_probabilities(trainer, row, prompt, completion)
        assert torch.allclose(in_batch, alone, atol=1e-4)


def log_probabilities(
    trainer: Any, row: Any, prompt: torch.Tensor, completion: torch.Tensor
) -> torch.Tensor:
    """Log-probabilities of the tokens of a completion, without padding: (tokens,)."""
    ids = torch.cat([prompt, completion])[None]
    model = trainer.model
    images = trainer.processing_class.image_processor(images=row["images"], return_tensors="pt")
    with torch.no_grad():
        logits = model(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            mm_token_type_ids=(ids == model.config.image_token_id).int(),
            **images,
        ).logits.log_softmax(-1)
    return logits[0, len(prompt) - 1 : -1].gather(1, completion[:, None])[:, 0]


def test_grpo_continues_an_adapter_with_all_tasks_and_all_rewards(
    base: Path, tmp_path: Path
) -> None:
    first = tiny_runs.run_grpo(
        tiny_runs.grpo_config(base, tmp_path / "first", steps=1),
        [low_tokens, not_applicable, not_applicable],
    )
    config = tiny_runs.grpo_config(
        base,
        tmp_path / "second",
        policy={"base": base, "adapter": first.adapter},
        tasks=("predict", "score", "explain"),
        reward_model=None,
        image_similarity="features",
        steps=2,
        cases=12,
    )
    finished = train_grpo(config)
    assert finished.steps == 2
    assert (tmp_path / "second" / "reward_model" / "manifest.json").is_file()
    assert len(recorded(tmp_path / "second", "rewards/format/mean")) == 2
    assert sorted(file.name for file in finished.adapter.iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
        "manifest.json",
    ]
