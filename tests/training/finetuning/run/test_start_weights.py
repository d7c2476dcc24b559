"""A run keeps a share of the change of its updates; a resumed one keeps the same."""

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
from training.finetuning.run.start_weights import low_rank_mean
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


def random_update(seed: int, *, rank: int = 4) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(rank, 9, generator=generator), torch.randn(7, rank, generator=generator)


def test_the_mean_is_exact_where_the_start_is_zero_or_hardly_moved() -> None:
    (start_a, start_b), (end_a, end_b) = random_update(1), random_update(2)
    a, b = low_rank_mean((start_a, torch.zeros_like(start_b)), (end_a, end_b), share=0.3)
    torch.testing.assert_close(b @ a, 0.3 * end_b @ end_a)
    near_a, near_b = start_a, start_b * 1.1
    a, b = low_rank_mean((start_a, start_b), (near_a, near_b), share=0.5)
    torch.testing.assert_close(b @ a, 1.05 * start_b @ start_a)


def test_the_mean_of_two_others_is_the_nearest_of_its_rank() -> None:
    start, end = random_update(3), random_update(4)
    wanted = 0.4 * start[1] @ start[0] + 0.6 * end[1] @ end[0]
    a, b = low_rank_mean(start, end, share=0.6)
    assert (a.shape, b.shape) == (end[0].shape, end[1].shape)
    lost = torch.linalg.svdvals(wanted)[4:]
    assert torch.dist(b @ a, wanted) == pytest.approx(float(lost.norm()), rel=1e-4)


def test_a_rank_above_the_sides_of_a_layer_is_filled_with_zeros() -> None:
    a, b = low_rank_mean(random_update(5, rank=12), random_update(6, rank=12), share=0.5)
    assert (a.shape, b.shape) == ((12, 9), (7, 12))
    assert not a[7:].any()


def test_a_new_adapter_keeps_half_of_its_change(base: Path, tmp_path: Path) -> None:
    whole = train_sft(sft_config(base, tmp_path / "whole"))
    half = train_sft(sft_config(base, tmp_path / "half", optimizing=HALF))
    ends, kept = updates(whole.adapter), updates(half.adapter)
    assert all(update.any() for update in ends.values())
    for name, update in ends.items():
        torch.testing.assert_close(kept[name], update / 2, atol=1e-6, rtol=1e-3)


def test_a_continued_adapter_goes_back_towards_its_start(base: Path, tmp_path: Path) -> None:
    first = train_sft(sft_config(base, tmp_path / "first"))
    policy = Policy(base=base, adapter=first.adapter)
    whole = train_sft(sft_config(base, tmp_path / "whole", policy=policy))
    half = train_sft(sft_config(base, tmp_path / "half", policy=policy, optimizing=HALF))
    start, ends, kept = map(updates, (first.adapter, whole.adapter, half.adapter))
    for name, end in ends.items():
        middle = (start[name] + end) / 2
        assert torch.dist(kept[name], middle) < 0.2 * torch.dist(end, middle)


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
