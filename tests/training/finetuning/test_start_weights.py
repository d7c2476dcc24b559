"""A run keeps a share of the change of its weights; a resumed one keeps the same."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from tests.training.finetuning.tiny_runs import (
    Kill,
    load,
    same_weights,
    sft_config,
    weights,
    write_base,
)
from training.finetuning.run.config import BadConfig, Policy, SftConfig
from training.finetuning.run.runner import Finished, prepare, train
from training.finetuning.run.start_weights import StartWeights
from training.finetuning.sft.train import sft_trainer, train_sft

HALF = {"kept_change": 0.5}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_base(tmp_path_factory.mktemp("base"))


def test_weights_lie_between_start_and_end_and_frozen_ones_stay() -> None:
    model = torch.nn.Linear(2, 2)
    model.bias.requires_grad_(False)
    before = model.weight.detach().clone()
    start = StartWeights(model)
    with torch.no_grad():
        model.weight.add_(4.0)
        model.bias.fill_(7.0)
    start.keep_share_of_change(model, 0.25)
    assert torch.allclose(model.weight, before + 1.0)
    assert torch.equal(model.bias, torch.full((2,), 7.0))


def test_a_run_keeps_half_of_the_change(base: Path, tmp_path: Path) -> None:
    whole = train_sft(sft_config(base, tmp_path / "whole"))
    half = train_sft(sft_config(base, tmp_path / "half", optimizing=HALF))
    ends, kept = weights(whole.adapter), weights(half.adapter)
    for name in ends:
        if "lora_B" in name:  # these start at zero
            assert torch.allclose(kept[name], ends[name] / 2, atol=1e-7)
    assert any(ends[name].abs().max() > 0 for name in ends if "lora_B" in name)


def test_a_run_that_continues_an_adapter_goes_back_towards_it(base: Path, tmp_path: Path) -> None:
    first = train_sft(sft_config(base, tmp_path / "first"))
    policy = Policy(base=base, adapter=first.adapter)
    whole = train_sft(sft_config(base, tmp_path / "whole", policy=policy))
    half = train_sft(sft_config(base, tmp_path / "half", policy=policy, optimizing=HALF))
    start, ends, kept = map(weights, (first.adapter, whole.adapter, half.adapter))
    for name in ends:
        assert torch.allclose(kept[name], (start[name] + ends[name]) / 2, atol=1e-6)
    assert not same_weights(first.adapter, half.adapter)


def test_a_resumed_run_keeps_the_same(base: Path, tmp_path: Path) -> None:
    whole = train_sft(sft_config(base, tmp_path / "whole", optimizing=HALF))
    config = sft_config(base, tmp_path / "killed", optimizing=HALF)
    with pytest.raises(KeyboardInterrupt):
        _killed_at(config, step=3)
    assert same_weights(whole.adapter, train_sft(config).adapter)


def test_spread_weights_need_the_whole_change(base: Path, tmp_path: Path) -> None:
    trainer: Any = SimpleNamespace(is_deepspeed_enabled=True, is_fsdp_enabled=False)
    config = sft_config(base, tmp_path, optimizing=HALF)
    with pytest.raises(BadConfig, match=r"kept_change is 0\.5, .*: set it to 1"):
        train(trainer, config, prepare(config), stage="sft", base_version="tiny")


def _killed_at(config: SftConfig, *, step: int) -> Finished:
    folder = prepare(config)
    trainer = sft_trainer(config, load(config))
    trainer.add_callback(Kill(step))
    return train(trainer, config, folder, stage="sft", base_version="tiny")
