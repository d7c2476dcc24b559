"""Train a model with GRPO (TRL): rewards for profiles, format and correctly ranked pairs.

python -m training.finetuning.grpo.train --config training/configs/nano-grpo.toml
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from shared.domain.taste import Element
from shared.embedding.minilm import MiniLM
from training.finetuning.data.case_files import read_cases, true_words
from training.finetuning.data.cases import Case
from training.finetuning.data.line_sources import BadRows, report_skipped
from training.finetuning.data.rows import grpo_dataset, grpo_rows
from training.finetuning.data.simulated import draw_cases
from training.finetuning.grpo.held_digits import hold_digits
from training.finetuning.grpo.image_inputs import check_image_inputs
from training.finetuning.grpo.image_term import image_term
from training.finetuning.grpo.prefix_sharing import SharedPrompts
from training.finetuning.grpo.reward_model import EngineRewardModel
from training.finetuning.grpo.text_encoder import WordEncoder
from training.finetuning.grpo.vision_cache import (
    DeduplicatedRows,
    encode_once,
    is_known,
    may_encode_once,
    scale_once,
)
from training.finetuning.merge import merge
from training.finetuning.run.arguments import grpo_arguments
from training.finetuning.run.commands import run_command
from training.finetuning.run.config import BadConfig, GrpoConfig
from training.finetuning.run.own_adapter import with_own_adapter
from training.finetuning.run.policy import Loaded, element_weights, load_policy, policy_style
from training.finetuning.run.run_folder import RunFolder
from training.finetuning.run.runner import Finished, main_process_first, on_cpu, prepare, train
from training.prefersim.values.vocabulary import VALUES
from training.rewards.accuracy import accuracy
from training.rewards.format import format_reward
from training.rewards.prediction import prediction
from training.rewards.reward import Reward
from training.rewards.text_similarity import TextSimilarity, floors

STAGE = "grpo"
MIN_OWN_WORDS = 12
"""Words of one element in the data from which a floor is measured on them alone: 66 pairs."""


def train_grpo(config: GrpoConfig, *, began: float | None = None) -> Finished:
    """Run GRPO; a folder that holds a part of the run is resumed."""
    folder = prepare(config, with_reward_model=True)
    rewards = build_rewards(config, reward_model=reward_model_folder(config, folder))
    loaded = load_policy(config.policy, on_cpu=on_cpu())
    trainer = grpo_trainer(config, loaded, rewards)
    return train(
        trainer, config, folder, stage=STAGE, base_version=loaded.base_version, began=began
    )


def grpo_trainer(config: GrpoConfig, loaded: Loaded, rewards: list[Reward]) -> Any:
    """TRL's trainer with dead groups replaced or left out, and with weighted groups."""
    from training.finetuning.grpo.group_trainer import EndWithoutSignal, GroupTrainer

    # TRL pads prompts on the left, but takes image positions from the processor, which uses its own
    # padding side. With another side, only the longest prompt would get its own positions.
    loaded.processor.tokenizer.padding_side = "left"
    check_image_inputs(loaded.processor)
    style = policy_style(config.policy)
    rows = grpo_dataset(
        grpo_rows(all_cases(config), config.tasks, loaded.fit, seed=config.data.seed, style=style)
    )
    batch = config.optimizing.batch * config.optimizing.accumulation // config.group
    if len(rows) < batch:
        raise BadConfig(
            f"the cases give {len(rows)} rows, but one step needs {batch}: give more cases or a"
            " smaller batch"
        )
    trainer = GroupTrainer(
        model=loaded.model,
        args=grpo_arguments(config, on_cpu=on_cpu()),
        reward_funcs=rewards,
        train_dataset=rows,
        processing_class=loaded.processor,
        peft_config=loaded.lora,
    )
    trainer._load_from_checkpoint = with_own_adapter(trainer)
    if style.digit_reading == "held":
        hold_digits(trainer.model, loaded.processor, style)
    trainer.way, trainer.resample_rounds = config.advantages, config.resample_rounds
    trainer.tasks = rows["task"][:]
    trainer.add_callback(EndWithoutSignal(trainer))
    trainer.train_dataset = DeduplicatedRows(rows)
    whole = trainer.model.get_base_model().model
    if is_known(whole):
        scale_once(loaded.processor.image_processor)
        if may_encode_once(trainer):
            encode_once(whole)
            trainer.prompts = SharedPrompts(whole.language_model)
    return trainer


def all_cases(config: GrpoConfig) -> Iterator[Case]:
    """Cases from the configured file, or simulated ones."""
    data = config.data
    if data.sources:
        bad_rows = BadRows(skip=data.bad_rows == "skip")
        yield from read_cases(
            data.sources, most=data.cases, images=data.image_folders, bad_rows=bad_rows
        )
        report_skipped(bad_rows)
        return
    yield from draw_cases(
        data.cases,
        seed=data.seed,
        multi=data.multi,
        level=data.level,
        workers=data.workers,
        by_word="predict" in config.tasks,
    )


def build_rewards(config: GrpoConfig, *, reward_model: Path) -> list[Reward]:
    """The rewards in the order of `Weights.as_list`."""
    encoder = WordEncoder(MiniLM())
    text = TextSimilarity(encoder, floors(encoder, vocabulary(config)))
    weights, style = element_weights(config.policy), policy_style(config.policy)
    judge = EngineRewardModel(reward_model, weights, style=style, limits=config.policy.pixel_limits)
    return [
        prediction(text, image_term(config, encoder), style=style),
        format_reward(style),
        accuracy(judge, weights, style=style, kind=config.accuracy),
    ]


def vocabulary(config: GrpoConfig) -> Mapping[Element, Sequence[str]]:
    """The words on which the floors of text similarity are measured: the data's own ones.

    An element with few words of its own gets the simulator's words as well.
    """
    data = config.data
    own = true_words(data.sources, images=data.image_folders, skip_bad_rows=data.bad_rows == "skip")
    return {
        element: words
        if len(words := sorted(own.get(element, ()))) >= MIN_OWN_WORDS
        else [*dict.fromkeys([*words, *VALUES[element]])]
        for element in VALUES
    }


def reward_model_folder(config: GrpoConfig, folder: RunFolder) -> Path:
    """The configured reward model, or the policy at its start: base with adapter merged in."""
    if config.reward_model is not None:
        return config.reward_model
    if config.policy.adapter is None:
        return config.policy.base
    with main_process_first():
        return merge(
            base=config.policy.base,
            adapter=config.policy.adapter,
            to=folder.reward_model,
            style=policy_style(config.policy),
        )


def main() -> None:
    run_command(GrpoConfig, train_grpo, description=__doc__ or "")


if __name__ == "__main__":
    main()
