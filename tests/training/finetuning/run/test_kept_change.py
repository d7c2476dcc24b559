"""A run keeps a share of the change from its base; a resumed one keeps the same."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.training.finetuning.tiny_runs import (
    kill_sft,
    same_weights,
    sft_config,
    weights,
    write_base,
)
from training.finetuning.run.config import BadConfig, Policy
from training.finetuning.run.runner import prepare, train
from training.finetuning.sft.train import train_sft

HALF = {"kept_change": 0.5}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_base(tmp_path_factory.mktemp("base"))


def updates(folder: Path) -> dict[str, Tensor]:
    """B A of each layer of an adapter folder."""
    factors = weights(folder)
    return {
        name: factors[name.replace("lora_A", "lora_B")] @ a
        for name, a in factors.items()
        if "lora_A" in name
    }


def test_a_new_adapter_keeps_half_of_its_change(base: Path, tmp_path: Path) -> None:
    whole = train_sft(sft_config(base, tmp_path / "whole"))
    half = train_sft(sft_config(base, tmp_path / "half", optimizing=HALF))
    ends, kept = updates(whole.adapter), updates(half.adapter)
    assert all(update.any() for update in ends.values())
    for name, update in ends.items():
        torch.testing.assert_close(kept[name], update / 2, atol=1e-6, rtol=1e-3)


def test_a_continued_adapter_goes_back_towards_the_base(base: Path, tmp_path: Path) -> None:
    first = train_sft(sft_config(base, tmp_path / "first"))
    policy = Policy(base=base, adapter=first.adapter)
    whole = train_sft(sft_config(base, tmp_path / "whole", policy=policy))
    half = train_sft(sft_config(base, tmp_path / "half", policy=policy, optimizing=HALF))
    start, ends, kept = map(updates, (first.adapter, whole.adapter, half.adapter))
    for name, end in ends.items():
        assert not torch.equal(start[name], end)
        torch.testing.assert_close(kept[name], end / 2, atol=1e-6, rtol=1e-3)


def test_a_resumed_run_keeps_the_same(base: Path, tmp_path: Path) -> None:
    whole = train_sft(sft_config(base, tmp_path / "whole", optimizing=HALF))
    config = sft_config(base, tmp_path / "killed", optimizing=HALF)
    kill_sft(config, at=3)
    assert same_weights(whole.adapter, train_sft(config).adapter)


def test_spread_weights_need_the_whole_change(base: Path, tmp_path: Path) -> None:
    trainer: Any = SimpleNamespace(is_deepspeed_enabled=True, is_fsdp_enabled=False)
    config = sft_config(base, tmp_path, optimizing=HALF)
    with pytest.raises(BadConfig, match=r"kept_change is 0\.5, .*: set it to 1"):
        train(trainer, config, prepare(config), stage="sft", base_version="tiny")
