"""A run trains the layers that its configuration names, also where it continues an adapter."""

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training import tiny_model
from tests.training.finetuning import tiny_runs
from training.finetuning.dpo.train import dpo_trainer
from training.finetuning.grpo.train import build_rewards, grpo_trainer
from training.finetuning.run.config import BadConfig, Policy
from training.finetuning.run.lora_targets import connector_layers
from training.finetuning.run.runner import Finished, prepare
from training.finetuning.sft.train import train_sft

CONNECTOR = "language_model_and_connector"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_runs.write_base(tmp_path_factory.mktemp("base") / "tiny", sharpness=1.0)


@pytest.fixture(scope="module")
def trained(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """An adapter of the language model and the connector."""
    policy = Policy(base=base, rank=8, layers=CONNECTOR)
    return train_sft(tiny_runs.sft_config(base, tmp_path_factory.mktemp("sft"), policy=policy))


def parts(names: Any) -> set[str]:
    known = ("language_model", "merger", "visual.blocks")
    return {next(part for part in known if part in name) for name in names if "lora_" in name}


def test_the_connector_is_trained_with_the_language_model(trained: Finished) -> None:
    weights = tiny_runs.weights(trained.adapter)
    assert parts(weights) == {"language_model", "merger"}
    moved = [name for name, weight in weights.items() if "lora_B" in name and weight.any()]
    assert parts(moved) == {"language_model", "merger"}


def test_a_continued_adapter_keeps_its_other_layers_as_they_are(
    base: Path, trained: Finished, tmp_path: Path
) -> None:
    policy = Policy(base=base, adapter=trained.adapter)
    again = train_sft(tiny_runs.sft_config(base, tmp_path, policy=policy))
    before, after = tiny_runs.weights(trained.adapter), tiny_runs.weights(again.adapter)
    assert before.keys() == after.keys()
    changed = [name for name in before if not torch.equal(before[name], after[name])]
    assert parts(changed) == {"language_model"}


@pytest.mark.parametrize("method", ["grpo", "dpo"])
def test_grpo_and_dpo_continue_such_an_adapter_with_a_frozen_connector(
    base: Path, trained: Finished, tmp_path: Path, method: str
) -> None:
    policy = Policy(base=base, adapter=trained.adapter)
    make = {"grpo": tiny_runs.grpo_config, "dpo": tiny_runs.dpo_config}[method]
    config = make(base, tmp_path, policy=policy, steps=1, save_every=1)
    prepare(config)
    loaded = tiny_runs.load(config)
    if method == "grpo":
        trainer = grpo_trainer(config, loaded, build_rewards(config, reward_model=base))
    else:
        trainer = dpo_trainer(config, loaded)
    trained_names = [n for n, weight in trainer.model.named_parameters() if weight.requires_grad]
    assert parts(trained_names) == {"language_model"}
    before = {n: w.detach().clone() for n, w in trainer.model.named_parameters() if "merger" in n}
    trainer.train()
    after = dict(trainer.model.named_parameters())
    assert before
    assert all(torch.equal(after[name], weight) for name, weight in before.items())


def test_a_model_without_a_known_connector_is_refused() -> None:
    with pytest.raises(BadConfig, match=r"no connector is known .*: set policy.layers to lang"):
        connector_layers(tiny_model.model().model.language_model)
