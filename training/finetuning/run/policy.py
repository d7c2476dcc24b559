"""Load the policy with low-rank updates (LoRA), its processor and the size of its images."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from shared.domain.element_weights import ElementWeights
from shared.domain.taste import ELEMENTS, Taste
from shared.prompting.styles.protocol import BadPromptStyle, PromptStyle
from shared.prompting.styles.registry import GENERAL, prompt_style
from shared.vlm.checkpoint.checkpoint import MANIFEST, check_files
from shared.vlm.checkpoint.model_package import read_element_weights, read_prompt_style
from training.finetuning.data.rows import Fit
from training.finetuning.run.adapter import check_adapter
from training.finetuning.run.config import BadConfig, GrpoConfig, Layers, Policy
from training.finetuning.run.limits import Needs
from training.finetuning.run.lora_targets import (
    connector_layers,
    language_model_layers,
    train_only,
)

ALL_LINEAR: Final = "all-linear"
"""PEFT's name for all linear layers but the last one."""
BYTES: Final = {"float32": 4, "bfloat16": 2}
BYTES_IN_FILES: Final = 2
"""Bytes of a weight in the files of a checkpoint (bf16)."""


@dataclass(frozen=True)
class Loaded:
    """A model with its processor; `lora` is None if it continues with an adapter."""

    model: Any
    processor: Any
    lora: Any
    base_version: str
    fit: Fit
    """Scales an image as serving does."""


def load_policy(policy: Policy, *, on_cpu: bool) -> Loaded:
    """Raises `BadCheckpoint`, `BadAdapter` or `BadConfig`."""
    import torch
    from peft import LoraConfig, PeftModel
    from transformers import AutoModelForImageTextToText
    from transformers.utils.logging import disable_progress_bar

    from shared.vlm.checkpoint.open_checkpoint import drop_generation_defaults, end_tokens_of
    from shared.vlm.engine.inputs.families import image_scaler, load_processor

    disable_progress_bar()
    version = check_files(policy.base)
    if policy.adapter is not None:
        check_adapter(policy.adapter, base_version=version)
    dtype = getattr(torch, policy.precision)
    model: Any = AutoModelForImageTextToText.from_pretrained(policy.base, dtype=dtype)
    limits = policy.pixel_limits
    processor = load_processor(policy.base, model.config, limits)
    end_tokens = end_tokens_of(model, processor.tokenizer, policy.base)
    drop_generation_defaults(model, processor.tokenizer, end_tokens)
    fit = image_scaler(policy.base, model.config.model_type, limits)
    targets = _target_modules(model, policy.layers)
    if policy.adapter is None:
        lora = LoraConfig(
            r=policy.rank,
            lora_alpha=policy.alpha,
            lora_dropout=0.0,  # a resumed run could not repeat the same random zeros
            task_type="CAUSAL_LM",
            target_modules=targets,
        )
        return Loaded(model, processor, lora, version, fit)
    adapted = PeftModel.from_pretrained(model, policy.adapter, is_trainable=True)
    if targets != ALL_LINEAR:
        train_only(adapted, targets)
    return Loaded(adapted, processor, None, version, fit)


def _target_modules(model: Any, layers: Layers) -> str:
    """What PEFT trains: its name for all linear layers, or a pattern of their names."""
    if layers == "all":
        return ALL_LINEAR
    of_language_model = language_model_layers(model)
    if layers == "language_model":
        return of_language_model
    of_connector = connector_layers(model)
    if of_connector is None:
        print(
            f"{type(model).__name__} has no connector with linear layers that is known here: only"
            " the language model is trained.",
            flush=True,
        )
        return of_language_model
    return f"{of_language_model}|{of_connector}"


def policy_style(policy: Policy) -> PromptStyle:
    """The prompt style that is trained: the configured one, or that of its start.

    Raises `BadConfig` and `BadCheckpoint`.
    """
    own = style_of(policy.base, policy.adapter)
    name = policy.prompt_style or (own.name if own else GENERAL.name)
    if own is not None and own.name == name and policy.prompt_template is None:
        return own
    try:
        return prompt_style(name, template=policy.prompt_template)
    except BadPromptStyle as error:
        raise BadConfig(f"policy.prompt_style: {error}") from error


def completion_length(config: GrpoConfig) -> int:
    """Most tokens of a completion: the configured ones, or those of its tasks' longest answer.

    The answers are those of serving. One answer that does not end makes the whole batch as long, so
    that a task which is not trained must not count. Raises `BadConfig` and `BadCheckpoint`.
    """
    if config.max_completion_length is not None:
        return config.max_completion_length
    style = policy_style(config.policy)
    # A style that explains given digits leaves nothing to reward: its candidates are scored.
    tasks = {"score" if t == "explain" and style.explains_given_digits else t for t in config.tasks}
    return max(_most_tokens(style, task) for task in tasks)


def _most_tokens(style: PromptStyle, task: str) -> int:
    """Of an answer to a task in serving."""
    if task == "predict":
        return style.predict(liked=1, disliked=1).max_tokens
    if task == "score":
        return style.score(Taste()).max_tokens
    return style.explain(Taste(), dict.fromkeys(ELEMENTS, 0)).max_tokens


def style_of(base: Path, adapter: Path | None) -> PromptStyle | None:
    """The prompt style of an adapter on its base; None where no manifest names one."""
    return (read_prompt_style(adapter) if adapter else None) or read_prompt_style(base)


def element_weights(policy: Policy) -> ElementWeights:
    """Element weights of the trained model: the configured ones, or those of its start.

    Raises `BadCheckpoint`.
    """
    if policy.element_weights is not None:
        return policy.element_weights
    return element_weights_of(policy.base, policy.adapter)


def element_weights_of(base: Path, adapter: Path | None) -> ElementWeights:
    """Element weights of an adapter on its base; an adapter without a manifest keeps the base's."""
    if adapter is not None and (adapter / MANIFEST).is_file():
        return read_element_weights(adapter)
    return read_element_weights(base)


def needs(policy: Policy, *, with_reward_model: bool) -> Needs:
    """Space that the policy needs, from the sizes of its files and its configuration."""
    from transformers import AutoConfig

    weights = sum(file.stat().st_size for file in policy.base.glob("*.safetensors"))
    # The library fills in what the file leaves out because it is the architecture's default.
    shape = AutoConfig.from_pretrained(policy.base).get_text_config()
    width, inner, layers = (
        int(getattr(shape, name))
        for name in ("hidden_size", "intermediate_size", "num_hidden_layers")
    )
    # Two matrices for each target: four of attention (width x width), three others (width x inner).
    trained = layers * policy.rank * (4 * 2 * width + 3 * (width + inner))
    return Needs(
        weights=weights,
        memory_factor=BYTES[policy.precision] // BYTES_IN_FILES,
        adapter=4 * trained,
        with_reward_model=with_reward_model,
    )


def folder_of(path: Path) -> Path:
    """The folder itself, or the newest adapter in the `adapter` folder of a run."""
    if (path / "adapter_config.json").is_file():
        return path
    manifests = sorted(path.glob("*/manifest.json"), key=lambda file: file.stat().st_mtime)
    return manifests[-1].parent if manifests else path
