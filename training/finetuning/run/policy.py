"""Load the model that learns, with low-rank updates in its language model and nowhere else."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from shared.domain.element_weights import ElementWeights
from shared.vlm.checkpoint.checkpoint import MANIFEST, check_files
from shared.vlm.checkpoint.model_package import read_element_weights
from training.finetuning.run.adapter import check_adapter
from training.finetuning.run.config import Policy
from training.finetuning.run.limits import Needs

LANGUAGE_MODEL_ONLY: Final = (
    r".*language_model.*\.(q_proj|k_proj|v_proj|o_proj|gate_proj|up_proj|down_proj)"
)
"""Bare names would also match the vision tower, whose updates vLLM leaves out without a word."""
BYTES: Final = {"float32": 4, "bfloat16": 2}
IN_FILES: Final = 2
"""Bytes of a weight in a checkpoint's files, which are bf16."""


@dataclass(frozen=True)
class Loaded:
    """A model and what goes with it; `lora` is None where it goes on with an adapter."""

    model: Any
    processor: Any
    lora: Any
    base_version: str


def load_policy(policy: Policy, *, on_cpu: bool) -> Loaded:
    """Raises `BadCheckpoint` or `BadAdapter`."""
    import torch
    from peft import LoraConfig, PeftModel
    from transformers import AutoModelForImageTextToText, AutoProcessor
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()
    version = check_files(policy.base)
    if policy.adapter is not None:
        check_adapter(policy.adapter, base_version=version)
    processor = AutoProcessor.from_pretrained(policy.base)
    dtype = getattr(torch, policy.precision)
    model: Any = AutoModelForImageTextToText.from_pretrained(policy.base, dtype=dtype)
    if policy.adapter is None:
        lora = LoraConfig(
            r=policy.rank,
            lora_alpha=policy.alpha,
            lora_dropout=0.0,  # a resumed run would have to draw the same zeros
            task_type="CAUSAL_LM",
            target_modules=LANGUAGE_MODEL_ONLY,
        )
        return Loaded(model, processor, lora, version)
    learned = PeftModel.from_pretrained(model, policy.adapter, is_trainable=True)
    return Loaded(learned, processor, None, version)


def element_weights(policy: Policy) -> ElementWeights:
    """How much each element counts in what is trained: as configured, or as where it begins.

    Raises `BadCheckpoint`.
    """
    if policy.element_weights is not None:
        return policy.element_weights
    return weights_together(policy.base, policy.adapter)


def weights_together(base: Path, adapter: Path | None) -> ElementWeights:
    """Those of an adapter on its base; one without our manifest changes nothing of its base's."""
    if adapter is not None and (adapter / MANIFEST).is_file():
        return read_element_weights(adapter)
    return read_element_weights(base)


def needs(policy: Policy, *, judge: bool) -> Needs:
    """What the policy takes of the machine, from the sizes of its files and its configuration."""
    import json

    weights = sum(file.stat().st_size for file in policy.base.glob("*.safetensors"))
    told = json.loads((policy.base / "config.json").read_text(encoding="utf-8"))
    shape = {**told, **told.get("text_config", {})}
    width, inner, layers = (
        int(shape[name]) for name in ("hidden_size", "intermediate_size", "num_hidden_layers")
    )
    # Two matrices a target: attention's four about width x width, the other three width x inner.
    trained = layers * policy.rank * (4 * 2 * width + 3 * (width + inner))
    return Needs(
        weights=weights,
        bytes_each=BYTES[policy.precision] // IN_FILES,
        adapter=4 * trained,
        judge=judge,
    )


def folder_of(path: Path) -> Path:
    """The folder itself, or the newest adapter within a run's `adapter` folder."""
    if (path / "adapter_config.json").is_file():
        return path
    found = sorted(path.glob("*/manifest.json"), key=lambda file: file.stat().st_mtime)
    return found[-1].parent if found else path
