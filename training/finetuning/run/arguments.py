"""Translate a configuration into TRL's arguments, and replace TRL's unsuitable defaults."""

from typing import Any

from training.finetuning.run.config import AnyConfig, DpoConfig, GrpoConfig, SftConfig
from training.finetuning.run.limits import KEPT_CHECKPOINTS
from training.finetuning.run.policy import completion_length
from training.finetuning.run.run_folder import RunFolder


def sft_arguments(config: SftConfig, *, on_cpu: bool) -> Any:
    from trl import SFTConfig

    return SFTConfig(
        **_common(config, on_cpu=on_cpu),
        max_length=None,  # TRL's 1024 would cut image tokens off
        packing=False,  # TRL refuses packing for images
    )


def grpo_arguments(config: GrpoConfig, *, on_cpu: bool) -> Any:
    from trl import GRPOConfig

    return GRPOConfig(
        **_common(config, on_cpu=on_cpu),
        num_generations=config.group,
        # One batch of completions a step: a resumption between two would lose completions.
        steps_per_generation=config.optimizing.accumulation,
        num_iterations=1,
        max_completion_length=completion_length(config),
        temperature=config.temperature,
        beta=config.beta,
        epsilon=config.epsilon,
        epsilon_high=config.epsilon_high,
        scale_rewards="none",  # dividing by the deviation inflates groups that hardly differ
        multi_objective_aggregation=(
            "normalize_then_sum" if config.advantages == "gdpo" else "sum_then_normalize"
        ),
        loss_type="dapo",  # the mean over all tokens: long completions count by their length
        reward_weights=config.weights.as_list(),
        shuffle_dataset=False,  # rows are already in random order; the two of a pair stay neighbors
        use_vllm=False,  # wrong for several images: TRL expands their tokens twice (#6294)
        log_completions=False,
    )


def dpo_arguments(config: DpoConfig, *, on_cpu: bool) -> Any:
    from trl import DPOConfig

    return DPOConfig(
        **_common(config, on_cpu=on_cpu),
        max_length=None,  # TRL's default would cut image tokens off
        beta=config.beta,
        loss_type=["sigmoid"],
        label_smoothing=config.label_smoothing,
    )


def _common(config: AnyConfig, *, on_cpu: bool) -> dict[str, Any]:
    run, optimizing = config.run, config.optimizing
    return {
        "output_dir": str(RunFolder(run.folder).checkpoints),
        "seed": run.seed,
        "data_seed": run.seed,
        "max_steps": run.steps,
        "per_device_train_batch_size": optimizing.batch,
        "gradient_accumulation_steps": optimizing.accumulation,
        "learning_rate": optimizing.learning_rate,
        "lr_scheduler_type": "constant_with_warmup",  # a run that ends early misses no decay
        "warmup_steps": optimizing.warmup_steps,
        "max_grad_norm": optimizing.gradient_norm,
        "weight_decay": 0.0,  # low-rank updates start at zero and stay small
        "logging_steps": run.log_every,
        "save_strategy": "steps",
        "save_steps": run.save_every,
        "save_total_limit": KEPT_CHECKPOINTS,
        "bf16": config.policy.precision == "bfloat16",  # TRL's default is on
        "fp16": False,
        "use_cpu": on_cpu,
        "gradient_checkpointing": config.policy.gradient_checkpointing,
        "dataloader_num_workers": 0,
        "dataloader_pin_memory": not on_cpu,
        "disable_tqdm": True,
        "report_to": [],  # training.finetuning.run.training_curves records the metrics
    }
