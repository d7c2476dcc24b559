"""Every configuration file can be read, gives the arguments for TRL, and can be launched."""

from pathlib import Path
from typing import Any

import pytest
from accelerate.commands.config.config_args import load_config_from_file
from accelerate.commands.launch import _validate_launch_command, launch_command_parser
from pydantic import ValidationError

from shared.domain.taste import ELEMENTS
from tests.fakes.chat_servers.official_model import TEMPLATE
from training.finetuning.data.rows import GrpoTask
from training.finetuning.run.arguments import dpo_arguments, grpo_arguments, sft_arguments
from training.finetuning.run.config import (
    BadConfig,
    DpoConfig,
    GrpoConfig,
    Policy,
    SftConfig,
    read_config,
)
from training.finetuning.run.limits import GIGABYTE
from training.finetuning.run.policy import completion_length, needs
from training.job.examples.grpo_cases import GRPO_GROUPS

CONFIGS = Path("training/configs")
SFT = sorted(CONFIGS.glob("*-sft.toml"))
GRPO = sorted(CONFIGS.glob("*-grpo.toml"))
DPO = sorted(CONFIGS.glob("*-dpo.toml"))
LAUNCHES = sorted((CONFIGS / "accelerate").glob("*.yaml"))


def test_every_model_size_has_all_methods_and_every_file_is_tested() -> None:
    sizes = {file.name.removesuffix("-sft.toml") for file in SFT}
    assert sizes == {file.name.removesuffix("-grpo.toml") for file in GRPO}
    assert sizes == {file.name.removesuffix("-dpo.toml") for file in DPO}
    assert sizes >= {"nano", "qwen-3b", "qwen-7b"}
    assert len(SFT) + len(GRPO) + len(DPO) == len(list(CONFIGS.glob("*.toml")))
    assert len(LAUNCHES) == len(list((CONFIGS / "accelerate").iterdir()))


def in_full_precision(config: Any) -> Any:
    """The configuration with float32: building the arguments checks whether a GPU has bfloat16."""
    return config.model_copy(
        update={"policy": config.policy.model_copy(update={"precision": "float32"})}
    )


@pytest.mark.parametrize("file", SFT, ids=lambda file: file.stem)
def test_an_sft_configuration_gives_the_arguments_for_trl(file: Path) -> None:
    config = read_config(file, SftConfig)
    built = sft_arguments(in_full_precision(config), on_cpu=True)
    assert built.max_length is None
    assert built.packing is False
    assert built.bf16 is False
    assert built.max_steps == config.run.steps
    assert built.gradient_checkpointing == config.policy.gradient_checkpointing


@pytest.mark.parametrize("file", DPO, ids=lambda file: file.stem)
def test_a_dpo_configuration_gives_the_arguments_for_trl(file: Path) -> None:
    config = read_config(file, DpoConfig)
    built = dpo_arguments(in_full_precision(config), on_cpu=True)
    assert built.max_length is None
    assert (built.beta, built.loss_type, built.label_smoothing) == (0.1, ["sigmoid"], 0.0)
    assert built.per_device_train_batch_size == config.optimizing.batch


@pytest.mark.parametrize(
    ("advantages", "aggregation"),
    [
        ("grpo", "sum_then_normalize"),
        ("rloo", "sum_then_normalize"),
        ("gdpo", "normalize_then_sum"),
    ],
)
def test_trl_normalizes_single_rewards_for_gdpo_only(advantages: str, aggregation: str) -> None:
    config = read_config(CONFIGS / "nano-grpo.toml", GrpoConfig)
    config = config.model_copy(update={"advantages": advantages})
    assert grpo_arguments(config, on_cpu=True).multi_objective_aggregation == aggregation


@pytest.mark.parametrize("file", GRPO, ids=lambda file: file.stem)
def test_a_grpo_configuration_gives_the_arguments_of_the_paper(file: Path) -> None:
    config = read_config(file, GrpoConfig)
    built = grpo_arguments(in_full_precision(config), on_cpu=True)
    assert built.num_generations == 8
    assert built.reward_weights == [0.7, 0.3, 1.0]
    assert (built.beta, built.epsilon, built.epsilon_high) == (0.04, 0.2, 0.28)
    assert (built.scale_rewards, built.loss_type) == ("none", "dapo")
    assert built.steps_per_generation == built.gradient_accumulation_steps
    assert not built.shuffle_dataset
    assert not built.use_vllm


def test_a_profile_with_two_words_per_element_fits_the_completion_length() -> None:
    """Large models need about one token for three letters; nano has tokens for its own words."""
    longest = 2 * len(ELEMENTS) * len(" art style: stained glass or pointillism;") // 3
    assert completion_length(read_config(CONFIGS / "qwen-7b-grpo.toml", GrpoConfig)) >= longest


def test_a_completion_may_be_as_long_as_the_longest_answer_in_serving(tmp_path: Path) -> None:
    template = tmp_path / "official.txt"
    template.write_bytes(TEMPLATE)
    config = read_config(CONFIGS / "nano-grpo.toml", GrpoConfig)
    lengths = {
        style: completion_length(
            config.model_copy(
                update={"policy": Policy(prompt_style=style, prompt_template=template)}
            )
        )
        for style in ("compact", "general", "preferthinker")
    }
    assert lengths == {"compact": 224, "general": 512, "preferthinker": 1024}
    assert completion_length(config.model_copy(update={"max_completion_length": 6})) == 6


@pytest.mark.parametrize(
    ("tasks", "length"),
    [(("predict",), 128), (("score",), 32), (("predict", "score"), 128), (("explain",), 224)],
)
def test_a_task_that_is_not_trained_makes_no_completion_longer(
    tasks: tuple[GrpoTask, ...], length: int
) -> None:
    config = read_config(CONFIGS / "nano-grpo.toml", GrpoConfig).model_copy(
        update={"tasks": tasks, "policy": Policy(prompt_style="compact")}
    )
    assert completion_length(config) == length


def test_a_style_that_explains_given_digits_is_trained_on_scores() -> None:
    config = read_config(CONFIGS / "nano-grpo.toml", GrpoConfig)
    policy = Policy(prompt_style="general")
    both = [
        config.model_copy(update={"tasks": (task,), "policy": policy})
        for task in ("score", "explain")
    ]
    assert [completion_length(one) for one in both] == [128, 128]


def test_a_step_of_a_job_has_prompts_for_whole_pairs_and_short_completions() -> None:
    config = read_config(CONFIGS / "job-grpo.toml", GrpoConfig)
    assert config.optimizing.batch * config.optimizing.accumulation == GRPO_GROUPS * config.group
    assert completion_length(config) == 128


@pytest.mark.parametrize("file", LAUNCHES, ids=lambda file: file.stem)
def test_a_launch_file_can_be_read_and_launches_both_commands(file: Path) -> None:
    launch = load_config_from_file(str(file))
    assert launch.num_processes == 8
    for command in ("training.finetuning.sft.train", "training.finetuning.grpo.train"):
        command_line = ["--config_file", str(file), "--module", command, "--config", "x.toml"]
        arguments, defaults, _ = _validate_launch_command(
            launch_command_parser().parse_args(command_line)
        )
        assert defaults is not None
        assert arguments.num_processes == 8
        assert arguments.training_script == command
        assert arguments.use_fsdp == (file.stem == "fsdp")
        assert arguments.use_deepspeed == ("deepspeed" in file.stem)
        assert arguments.mixed_precision == "bf16"


def test_the_blocks_that_fsdp_shards_exist_in_the_architecture() -> None:
    from transformers.models.qwen2_5_vl import modeling_qwen2_5_vl

    launch = load_config_from_file(str(CONFIGS / "accelerate" / "fsdp.yaml"))
    for name in launch.fsdp_config["fsdp_transformer_layer_cls_to_wrap"].split(","):
        assert hasattr(modeling_qwen2_5_vl, name)


def test_a_run_of_nano_needs_little_disk_and_memory() -> None:
    needed = needs(
        read_config(CONFIGS / "nano-grpo.toml", GrpoConfig).policy, with_reward_model=True
    )
    assert 10**6 < needed.disk < needed.memory + GIGABYTE // 10
    assert needed.memory < GIGABYTE // 5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[run", "not TOML"),
        ("[run]\nfolder = 'x'\nsteps = 0", "run.steps"),
        ("[run]\nfolder = 'x'\nstep = 5", "run.step: Extra"),
        ("tasks = ['sing']\n[run]\nfolder = 'x'", "tasks.0"),
        ("group = 4\n[optimizing]\nlearning_rate=1\nbatch=12\n[run]\nfolder='x'", "multiple of 8"),
        ("", "run: Field required"),
    ],
)
def test_the_error_of_an_invalid_configuration_names_the_setting(
    text: str, message: str, tmp_path: Path
) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(text)
    with pytest.raises(BadConfig, match=message):
        read_config(file, GrpoConfig)
    with pytest.raises(BadConfig, match="cannot be read"):
        read_config(tmp_path / "missing.toml", GrpoConfig)


def test_a_configuration_is_frozen() -> None:
    config = read_config(CONFIGS / "nano-sft.toml", SftConfig)
    with pytest.raises(ValidationError):
        config.run = config.run  # type: ignore[misc]


def test_the_first_step_of_a_job_changes_the_model() -> None:
    """A warm-up starts with a learning rate of zero."""
    grpo = read_config(CONFIGS / "job-grpo.toml", GrpoConfig)
    dpo = read_config(CONFIGS / "job-dpo.toml", DpoConfig)
    assert grpo.optimizing.warmup_steps == 0
    assert dpo.optimizing.warmup_steps == 0
