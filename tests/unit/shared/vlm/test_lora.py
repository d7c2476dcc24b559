"""An adapter is merged into the weights, or refused before any change."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from shared.vlm.checkpoint.checkpoint import BadCheckpoint
from shared.vlm.checkpoint.lora import merge_adapter

CONFIG = {"peft_type": "LORA", "lora_alpha": 8, "r": 2}
A = torch.tensor([[1.0, 0.0, 2.0], [0.0, 1.0, 0.0]])  # (2, 3)
B = torch.tensor([[1.0, 0.0], [0.0, 3.0], [0.0, 0.0], [1.0, 1.0]])  # (4, 2)


class Small(nn.Module):
    """A model of two linear layers."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.ModuleList([nn.Linear(3, 4, bias=False), nn.Linear(4, 4)])


def _adapter(folder: Path, tensors: dict[str, Tensor] | None = None, **config: Any) -> Path:
    if tensors is None:
        tensors = {_key("layers.0", "A"): A, _key("layers.0", "B"): B}
    (folder / "adapter_config.json").write_text(json.dumps({**CONFIG, **config}))
    save_file(tensors, folder / "adapter_model.safetensors")
    return folder


def _key(module: str, side: str) -> str:
    return f"base_model.model.{module}.lora_{side}.weight"


def test_the_merged_weight_is_w_plus_scale_b_a(tmp_path: Path) -> None:
    model = Small()
    before = model.layers[0].weight.clone()
    merge_adapter(model, _adapter(tmp_path))
    assert torch.allclose(model.layers[0].weight, before + 8 / 2 * B @ A)


def test_rank_stabilized_adapters_are_scaled_by_the_square_root_of_the_rank(tmp_path: Path) -> None:
    model = Small()
    before = model.layers[0].weight.clone()
    merge_adapter(model, _adapter(tmp_path, use_rslora=True))
    assert torch.allclose(model.layers[0].weight, before + 8 / 2**0.5 * B @ A)


def test_a_module_may_have_its_own_alpha(tmp_path: Path) -> None:
    model = Small()
    before = model.layers[0].weight.clone()
    merge_adapter(model, _adapter(tmp_path, alpha_pattern={r"layers\.0": 2}))
    assert torch.allclose(model.layers[0].weight, before + 2 / 2 * B @ A)


def test_half_precision_weights_stay_in_half_precision(tmp_path: Path) -> None:
    model = Small().to(torch.bfloat16)
    merge_adapter(model, _adapter(tmp_path))
    assert model.layers[0].weight.dtype is torch.bfloat16


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"use_dora": True}, "use_dora"),
        ({"bias": "all"}, "bias"),
        ({"modules_to_save": ["lm_head"]}, "modules_to_save"),
        ({"peft_type": "IA3"}, "only LORA"),
        ({"lora_alpha": None}, "as PEFT writes it"),
    ],
)
def test_a_setting_that_cannot_be_merged_is_named(
    tmp_path: Path, config: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadCheckpoint, match=message):
        merge_adapter(Small(), _adapter(tmp_path, **config))


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({_key("layers.7", "A"): A, _key("layers.7", "B"): B}, "another base"),
        ({_key("layers.1", "A"): A, _key("layers.1", "B"): B}, "another base"),
        ({_key("layers.0", "A"): A}, "only one half"),
        ({"base_model.model.layers.0.lora_embedding_A": A}, "no part of a LoRA"),
        ({_key("layers.0", "A"): A * float("nan"), _key("layers.0", "B"): B}, "NaN or infinite"),
        ({}, "is empty"),
    ],
)
def test_a_broken_adapter_is_refused_and_changes_nothing(
    tmp_path: Path, tensors: dict[str, Tensor], message: str
) -> None:
    model = Small()
    before = [p.clone() for p in model.parameters()]
    with pytest.raises(BadCheckpoint, match=message):
        merge_adapter(model, _adapter(tmp_path, tensors))
    assert all(torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))


@pytest.mark.parametrize("content", [b"", b"\x00" * 8, b"not tensors at all"])
def test_a_file_without_tensors_is_refused(tmp_path: Path, content: bytes) -> None:
    _adapter(tmp_path)
    (tmp_path / "adapter_model.safetensors").write_bytes(content)
    with pytest.raises(BadCheckpoint, match="cannot be read"):
        merge_adapter(Small(), tmp_path)


def test_with_one_bad_module_no_module_is_merged(tmp_path: Path) -> None:
    model = Small()
    before = model.layers[0].weight.clone()
    tensors = {_key("layers.0", "A"): A, _key("layers.0", "B"): B}
    tensors |= {_key("layers.9", "A"): A.clone(), _key("layers.9", "B"): B.clone()}
    with pytest.raises(BadCheckpoint):
        merge_adapter(model, _adapter(tmp_path, tensors))
    assert torch.equal(model.layers[0].weight, before)
