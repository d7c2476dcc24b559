"""Write LoRA adapters in PEFT's layout, for tests that replace models."""

import json
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from shared.vlm.checkpoint.checkpoint import shipped_folder

RANK = 4


def write_adapter(folder: Path, *, seed: int, strength: float = 0.02) -> Path:
    """A LoRA with random weights on every query projection of the shipped model's decoder."""
    folder.mkdir(parents=True)
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    with safe_open(shipped_folder() / "model.safetensors", "pt") as weights:
        names = [n for n in weights.keys() if n.endswith("self_attn.q_proj.weight")]  # noqa: SIM118  # no mapping
        for name in names:
            out, into = weights.get_slice(name).get_shape()
            module = "model.language_model.layers." + name.split("layers.")[1]
            key = f"base_model.model.{module.removesuffix('.weight')}"
            tensors[f"{key}.lora_A.weight"] = torch.randn(RANK, into, generator=generator)
            tensors[f"{key}.lora_B.weight"] = strength * torch.randn(out, RANK, generator=generator)
    assert tensors
    save_file(tensors, folder / "adapter_model.safetensors")
    config = {
        "peft_type": "LORA", "r": RANK, "lora_alpha": RANK, "bias": "none",
        "target_modules": ["q_proj"],
    }  # fmt: skip
    (folder / "adapter_config.json").write_text(json.dumps(config))
    return folder
