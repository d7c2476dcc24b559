"""A tiny base model in a folder, and short runs on it, for the tests of SFT and GRPO."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import TrainerCallback

from tests.training import tiny_model
from training.finetuning.data.cases import Example
from training.finetuning.data.simulated import Task
from training.finetuning.dpo.train import dpo_trainer
from training.finetuning.grpo.train import grpo_trainer
from training.finetuning.run.config import (
    AnyConfig,
    Data,
    DpoConfig,
    GrpoConfig,
    Optimizing,
    Policy,
    Run,
    SftConfig,
)
from training.finetuning.run.policy import Loaded, load_policy
from training.finetuning.run.runner import Finished, prepare, train
from training.finetuning.sft.train import sft_trainer
from training.nano.model.export import export, facts

SHARPNESS = 4.0
"""Factor of the last norm: the logits of a random model with tied embeddings are nearly flat. GRPO
needs different completions of one prompt, so its tests use 1."""


def write_base(folder: Path, *, sharpness: float = SHARPNESS) -> Path:
    """Write a model with the architecture of the large ones, 30,000 times smaller."""
    model = tiny_model.model()
    model.model.language_model.norm.weight.data.mul_(sharpness)
    export(model, tiny_model.tokenizer(), folder, seed=5, training=facts("tiny"))
    return folder


def sft_config(base: Path, folder: Path, **changes: Any) -> SftConfig:
    optimizing = {"learning_rate": 3e-3, "batch": 8, "warmup_steps": 1} | changes.pop(
        "optimizing", {}
    )
    tasks: tuple[Task, ...] = changes.pop("tasks", ("describe", "score"))
    return SftConfig(
        policy=changes.pop("policy", Policy(base=base, rank=8)),
        data=Data(cases=changes.pop("cases", 24)),
        run=run(folder, **changes),
        optimizing=Optimizing(**optimizing),
        tasks=tasks,
        varied_rationales=False,
    )


def grpo_config(base: Path, folder: Path, **changes: Any) -> GrpoConfig:
    run_changes = {key: changes.pop(key) for key in list(changes) if key in Run.model_fields}
    settings: dict[str, Any] = {
        "policy": Policy(base=base, rank=8),
        "data": Data(cases=changes.pop("cases", 12)),
        "optimizing": Optimizing(learning_rate=5e-3, batch=16, warmup_steps=0),
        "tasks": ("score",),
        "max_completion_length": 6,
        "reward_model": base,
        "image_similarity": "none",
    }
    return GrpoConfig(run=run(folder, **run_changes), **(settings | changes))


def dpo_config(base: Path, folder: Path, **changes: Any) -> DpoConfig:
    return DpoConfig(
        policy=changes.pop("policy", Policy(base=base, rank=8)),
        data=changes.pop("data", Data(cases=8)),
        run=run(folder, **changes),
        optimizing=Optimizing(learning_rate=5e-3, batch=4, warmup_steps=0),
    )


def kill_sft(config: SftConfig, *, at: int) -> None:
    """Run SFT until this step begins."""
    folder, loaded = prepare(config), load(config)
    trainer = sft_trainer(config, loaded)
    trainer.add_callback(Kill(at))
    with pytest.raises(KeyboardInterrupt):
        train(trainer, config, folder, stage="sft", base_version=loaded.base_version)


def run_grpo(config: GrpoConfig, rewards: list[Any], *, killed_at: int | None = None) -> Finished:
    """Run GRPO with these rewards, to its end or until a step begins."""
    folder = prepare(config, with_reward_model=True)
    loaded = load(config)
    trainer = grpo_trainer(config, loaded, rewards)
    if killed_at is not None:
        trainer.add_callback(Kill(killed_at))
    return train(trainer, config, folder, stage="grpo", base_version=loaded.base_version)


def run_dpo(config: DpoConfig, *, killed_at: int | None = None) -> Finished:
    """Run DPO, to its end or until a step begins."""
    folder, loaded = prepare(config), load(config)
    trainer = dpo_trainer(config, loaded)
    if killed_at is not None:
        trainer.add_callback(Kill(killed_at))
    return train(trainer, config, folder, stage="dpo", base_version=loaded.base_version)


def run(folder: Path, **changes: Any) -> Run:
    settings = {
        "folder": folder, "steps": 4, "save_every": 2, "log_every": 1, "threads": 1,
        "spare_gigabytes": 0, "mlflow": "off",
    }  # fmt: skip
    return Run.model_validate(settings | changes)


def load(config: AnyConfig) -> Loaded:
    return load_policy(config.policy, on_cpu=True)


def weights(folder: Path) -> dict[str, torch.Tensor]:
    """The weights of an adapter folder."""
    from safetensors.torch import load_file

    return load_file(folder / "adapter_model.safetensors")


def same_weights(first: Path, second: Path) -> bool:
    """Whether two adapter folders have exactly the same weights."""
    a, b = weights(first), weights(second)
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def conversations(examples: Iterable[Example]) -> list[tuple[str, str]]:
    """The text of each prompt and its answer."""
    return [(str(example.messages), example.answer) for example in examples]


class Kill(TrainerCallback):  # type: ignore[misc]  # untyped base
    """Stops a run at the beginning of a step, like a kill."""

    def __init__(self, at: int) -> None:
        self._at = at

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.global_step == self._at:
            raise KeyboardInterrupt
