"""Write a small adapter for a checkpoint, to try whether a server can load one."""

import json
from pathlib import Path
from typing import Final

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

RANK: Final = 4
STRENGTH: Final = 1e-4
PROJECTION: Final = "self_attn.q_proj.weight"


class NoProjection(Exception):
    """A checkpoint has no matrix that adapters of training change; the text names it."""


def write_probe_adapter(base: Path, folder: Path, *, seed: int) -> Path:
    """A LoRA of the first layer's queries, in PEFT's layout; raises `NoProjection`."""
    language_model, out, into = _first_projection(base)
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    key = f"base_model.model.model.{language_model}.layers.0.self_attn.q_proj"
    weights = {
        f"{key}.lora_A.weight": rng.standard_normal((RANK, into), np.float32),
        f"{key}.lora_B.weight": np.float32(STRENGTH) * rng.standard_normal((out, RANK), np.float32),
    }
    save_file(weights, folder / "adapter_model.safetensors")
    config = {
        "peft_type": "LORA", "task_type": "CAUSAL_LM", "r": RANK, "lora_alpha": RANK,
        "bias": "none", "target_modules": ["q_proj"], "base_model_name_or_path": str(base),
    }  # fmt: skip
    (folder / "adapter_config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


def _first_projection(base: Path) -> tuple[str, int, int]:
    """Name of the language model's module, and the two sides of its first matrix of queries."""
    for file in sorted(base.glob("*.safetensors")):
        with safe_open(file, "np") as weights:
            for name in weights.keys():  # noqa: SIM118  # no mapping
                is_language = "visual" not in name and "vision" not in name
                if name.endswith(f"layers.0.{PROJECTION}") and is_language:
                    out, into = weights.get_slice(name).get_shape()
                    module = "text_model" if "text_model." in name else "language_model"
                    return module, int(out), int(into)
    raise NoProjection(
        f"no language model with query projections was found in the weights of {base}"
    )
