"""Merge a LoRA adapter in PEFT's layout into a model's weights: W + scale * B @ A.

PEFT itself is not used: serving then needs neither the library nor its wrappers around every layer,
and a merged model is as fast as its base.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from shared.vlm.checkpoint.checkpoint import BadCheckpoint

KEY: Final = re.compile(r"base_model\.model\.(?P<module>.+)\.lora_(?P<side>[AB])\.weight")
UNSUPPORTED: Final[Mapping[str, Any]] = {
    "use_dora": False, "fan_in_fan_out": False, "bias": "none", "modules_to_save": None,
}  # fmt: skip
"""PEFT settings that change more than W + scale * B @ A, with the values that can be merged."""


@torch.no_grad()
def merge_adapter(model: Any, folder: Path) -> None:
    """Change the weights of `model` in place; raises `BadCheckpoint` before any change."""
    config = _config(folder / "adapter_config.json")
    changes = {}
    for name, (a, b) in _pairs(folder / "adapter_model.safetensors").items():
        weight = _weight(model, name, folder)
        if a.ndim != 2 or b.ndim != 2 or (b.shape[0], a.shape[1]) != tuple(weight.shape):
            raise BadCheckpoint(
                f"{folder} has {tuple(b.shape)} x {tuple(a.shape)} for {name}, but the weight has"
                f" the shape {tuple(weight.shape)}; the adapter was made for another base"
            )
        change = b.float() @ a.float() * _scale(config, name, rank=a.shape[0])
        if not torch.isfinite(change).all():
            raise BadCheckpoint(f"{folder} has NaN or infinite values for {name}; train it again")
        changes[name] = (weight, change)
    for weight, change in changes.values():
        merged = weight.float() + change.to(weight.device)
        weight.copy_(merged.to(weight.dtype))


def _config(file: Path) -> dict[str, Any]:
    try:
        config: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        if config["peft_type"] != "LORA":
            raise BadCheckpoint(f"{file} is for {config['peft_type']}; only LORA can be merged")
        float(config["lora_alpha"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadCheckpoint(f"{file} cannot be read as PEFT writes it: {error}") from error
    for name, expected in UNSUPPORTED.items():
        if config.get(name, expected) not in (expected, [] if expected is None else expected):
            raise BadCheckpoint(
                f"{file} has {name}: {config[name]!r}, which cannot be merged; expected"
                f" {expected!r}"
            )
    return config


def _pairs(file: Path) -> dict[str, tuple[Tensor, Tensor]]:
    """The matrices A and B of every module."""
    try:
        tensors = load_file(file)
    except (OSError, SafetensorError) as error:
        raise BadCheckpoint(f"{file} cannot be read: {error}") from error
    sides: dict[str, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        match = KEY.fullmatch(key)
        if match is None:
            raise BadCheckpoint(
                f"{file} contains {key!r}, which is no part of a LoRA on linear layers; train an"
                " adapter on linear layers only"
            )
        sides.setdefault(match["module"], {})[match["side"]] = tensor
    if not sides:
        raise BadCheckpoint(f"{file} is empty; copy the adapter again")
    for module, both in sides.items():
        if both.keys() != {"A", "B"}:
            raise BadCheckpoint(f"{file} has only one half of {module}; copy the adapter again")
    return {module: (both["A"], both["B"]) for module, both in sides.items()}


def _weight(model: Any, name: str, folder: Path) -> Tensor:
    try:
        weight = model.get_submodule(name).weight
    except AttributeError as error:
        raise BadCheckpoint(
            f"{folder} changes {name}, which this model does not have; the adapter was made for"
            " another base"
        ) from error
    assert isinstance(weight, Tensor)
    return weight


def _scale(config: Mapping[str, Any], name: str, *, rank: int) -> float:
    """alpha / r, or alpha / sqrt(r) in rsLoRA; a module may have its own alpha."""
    alpha = float(config["lora_alpha"])
    for pattern, module_alpha in (config.get("alpha_pattern") or {}).items():
        if re.match(rf"(.*\.)?({pattern})$", name):
            alpha = float(module_alpha)
            break
    return alpha / (rank**0.5 if config.get("use_rslora") else rank)
