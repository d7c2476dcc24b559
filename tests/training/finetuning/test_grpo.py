"""GRPO raises an easy reward, leaves dead groups out, weighs pairs, and resumes exactly."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.finetuning import finetuned as tuned
from tests.training.finetuning.finetuned import Killed
from training.finetuning.grpo.group_trainer import weight_advantages
from training.finetuning.grpo.train import grpo_trainer, train_grpo
from training.finetuning.run.config import BadConfig, GrpoConfig
from training.finetuning.run.runner import Finished, prepare, train
from training.rewards.reward import Rewards

LOW = 220
"""Tokens below it are special ones, bytes and syllables: about half of the tiny vocabulary."""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tuned.write_base(tmp_path_factory.mktemp("base") / "tiny", sharper=1.0)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def low_tokens(completions: Any, completion_ids: Sequence[Sequence[int]], **_: Any) -> Rewards:
    return [sum(token < LOW for token in ids) / max(1, len(ids)) for ids in completion_ids]


def indifferent(completions: Sequence[Any], **_: Any) -> Rewards:
    return [1.0] * len(completions)


def absent(completions: Sequence[Any], **_: Any) -> Rewards:
    return [None] * len(completions)


def run(config: GrpoConfig, rewards: list[Any], *, killed_at: int | None = None) -> Finished:
    folder = prepare(config, with_reward_model=True)
    loaded = tuned.load(config)
    trainer = grpo_trainer(config, loaded, rewards)
    if killed_at is not None:
        trainer.add_callback(Killed(killed_at))
    return train(trainer, config, folder, stage="grpo", base_version=loaded.base_version)


def measures(folder: Path, name: str) -> list[float]:
    lines = (folder / "curves.jsonl").read_text().splitlines()
    return [row[name] for row in map(json.loads, lines) if name in row]


def test_the_reward_of_an_easy_task_rises(base: Path, tmp_path: Path) -> None:
    config = tuned.grpo_config(base, tmp_path, steps=25, save_every=25, cases=30, beta=0.0)
    run(config, [low_tokens, absent, absent])
    reward = measures(tmp_path, "reward")
    assert sum(reward[-5:]) > sum(reward[:5]) + 0.5


def test_groups_that_cannot_teach_change_nothing(base: Path, tmp_path: Path) -> None:
    config = tuned.grpo_config(base, tmp_path, steps=2, beta=0.5)
    finished = run(config, [indifferent, absent, absent])
    assert measures(tmp_path, "groups/dead") == [2, 2]
    assert measures(tmp_path, "groups/live") == [0, 0]
    assert measures(tmp_path, "grad_norm") == [0, 0]
    learned = tuned.weights(finished.adapter)
    assert all(not weight.any() for name, weight in learned.items() if "lora_B" in name)


def test_a_killed_run_resumes_to_what_it_would_have_become(base: Path, tmp_path: Path) -> None:
    rewards = [low_tokens, absent, absent]
    whole = run(tuned.grpo_config(base, tmp_path / "whole"), rewards)
    config = tuned.grpo_config(base, tmp_path / "killed")
    with pytest.raises(KeyboardInterrupt):
        run(config, rewards, killed_at=3)
    resumed = run(config, rewards)
    assert tuned.same(whole.adapter, resumed.adapter)
    rewarded = measures(tmp_path / "whole", "reward")
    assert measures(tmp_path / "killed", "reward") == rewarded


def test_a_weight_is_the_groups_and_the_dead_are_left_out() -> None:
    advantages = torch.tensor([0.5, -0.5, 0.0, 0.0, 1e-9, -1e-9, -0.25, 0.25])
    weights = torch.tensor([2.0, 2.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.5])
    weighted = weight_advantages(advantages, weights, group=2)
    assert weighted.advantages[[0, 1, 6, 7]].tolist() == [1.0, -1.0, -0.125, 0.125]
    assert weighted.live.tolist() == [True, True, False, False, False, False, True, True]
    assert weighted.dead_groups == 2


def test_a_batch_that_splits_pairs_is_refused(base: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="multiple of 16"):
        tuned.grpo_config(base, tmp_path, optimizing={"learning_rate": 1e-3, "batch": 8})


def test_too_few_cases_for_one_step_are_refused(base: Path, tmp_path: Path) -> None:
    config = tuned.grpo_config(base, tmp_path, tasks=("predict",), cases=1)
    with pytest.raises(BadConfig, match="give more cases"):
        run(config, [low_tokens, absent, absent])


def test_an_answer_is_as_likely_among_longer_questions_as_alone(base: Path, tmp_path: Path) -> None:
    """Padded on the wrong side, the positions of all but the longest are those of other tokens."""
    config = tuned.grpo_config(base, tmp_path, tasks=("predict", "score"), cases=12)
    prepare(config, with_reward_model=True)
    trainer = grpo_trainer(config, tuned.load(config), [indifferent, absent, absent])
    rows = [trainer.train_dataset[at] for at in range(len(trainer.train_dataset))]
    long, short = (
        next(row for row in rows if row["task"] == task) for task in ("predict", "score")
    )
    output = trainer._generate_and_score_completions([long] * 8 + [short] * 8)
    for at, row in ((0, long), (8, short)):
        prompt, answer = (
            output[f"{part}_ids"][at][output[f"{part}_mask"][at].bool()]
            for part in ("prompt", "completion")
        )
        likely = output["ref_per_token_logps"][at][: len(answer)]
        assert torch.allclose(likely, alone(trainer, row, prompt, answer), atol=1e-4)


def alone(trainer: Any, row: Any, prompt: torch.Tensor, answer: torch.Tensor) -> torch.Tensor:
    """Logarithms of the probabilities of an answer's tokens, nothing padded: (tokens,)."""
    ids = torch.cat([prompt, answer])[None]
    model = trainer.model
    pictures = trainer.processing_class.image_processor(images=row["images"], return_tensors="pt")
    with torch.no_grad():
        logits = model(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            mm_token_type_ids=(ids == model.config.image_token_id).int(),
            **pictures,
        ).logits.log_softmax(-1)
    return logits[0, len(prompt) - 1 : -1].gather(1, answer[:, None])[:, 0]


def test_every_task_is_rewarded_by_the_papers_rewards_from_an_adapter_on(
    base: Path, tmp_path: Path
) -> None:
    first = run(tuned.grpo_config(base, tmp_path / "first", steps=1), [low_tokens, absent, absent])
    config = tuned.grpo_config(
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
    assert len(measures(tmp_path / "second", "rewards/format/mean")) == 2
    assert sorted(file.name for file in finished.adapter.iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
        "manifest.json",
    ]
