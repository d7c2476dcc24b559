"""A run trains the layers that its configuration names, also where it continues an adapter."""

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training import tiny_model
from tests.training.finetuning import tiny_runs
from tests.training.finetuning.grpo.test_grpo import low_tokens, not_applicable
from training.finetuning.run import lora_targets
from training.finetuning.run.config import BadConfig, Policy
from training.finetuning.run.lora_targets import connector_layers, train_only
from training.finetuning.run.runner import Finished
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
def test_grpo_and_dpo_continue_it_with_a_frozen_connector_also_when_resumed(
    base: Path, trained: Finished, tmp_path: Path, method: str
) -> None:
    def run(config: Any, *, killed_at: int | None = None) -> Finished:
        if method == "dpo":
            return tiny_runs.run_dpo(config, killed_at=killed_at)
        rewards = [low_tokens, not_applicable, not_applicable]
        return tiny_runs.run_grpo(config, rewards, killed_at=killed_at)

    make = {"grpo": tiny_runs.grpo_config, "dpo": tiny_runs.dpo_config}[method]
    policy = Policy(base=base, adapter=trained.adapter)
    whole = run(make(base, tmp_path / "whole", policy=policy))
    killed = make(base, tmp_path / "killed", policy=policy)
    with pytest.raises(KeyboardInterrupt):
        run(killed, killed_at=3)
    resumed = run(killed)
    assert tiny_runs.same_weights(whole.adapter, resumed.adapter)
    before, after = tiny_runs.weights(trained.adapter), tiny_runs.weights(resumed.adapter)
    changed = [name for name in before if not torch.equal(before[name], after[name])]
    assert parts(changed) == {"language_model"}


def test_an_adapter_without_any_of_the_layers_is_refused(base: Path, tmp_path: Path) -> None:
    own = Policy(base=base, rank=8)
    adapter = train_sft(tiny_runs.sft_config(base, tmp_path, policy=own)).adapter
    adapted = tiny_runs.load(
        tiny_runs.sft_config(base, tmp_path / "next", policy=Policy(base=base, adapter=adapter))
    ).model
    with pytest.raises(BadConfig, match="changes no layer"):
        train_only(adapted, "no such layer")


def test_without_a_known_connector_only_the_language_model_is_trained(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert connector_layers(tiny_model.model().model.language_model) is None
    monkeypatch.setattr(lora_targets, "CONNECTORS", ("unknown",))
    policy = Policy(base=base, rank=8, layers=CONNECTOR)
    finished = train_sft(tiny_runs.sft_config(base, tmp_path, policy=policy))
    assert parts(tiny_runs.weights(finished.adapter)) == {"language_model"}
    assert "only the language model is trained" in capsys.readouterr().out
