"""Let a model try, and reward what helps: profiles, layout and pairs ranked right (GRPO with TRL).

python -m training.finetuning.grpo.train --config training/configs/nano-grpo.toml
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shared.embedding.minilm import MiniLM
from shared.vlm.checkpoint.vision_config import VisionConfig
from training.finetuning.data.case_files import read_cases
from training.finetuning.data.cases import Case
from training.finetuning.data.rows import fit_to, grpo_dataset, grpo_rows
from training.finetuning.data.simulated import draw_cases
from training.finetuning.grpo.drawn_profiles import DrawnProfiles, unlike_profiles
from training.finetuning.grpo.prefix_sharing import SharedQuestions
from training.finetuning.grpo.reward_model import EngineJudge
from training.finetuning.grpo.text_encoder import WordEncoder
from training.finetuning.grpo.vision_cache import RowsOnce, scale_once, see_once
from training.finetuning.run.arguments import grpo_arguments
from training.finetuning.run.commands import run_command
from training.finetuning.run.config import BadConfig, GrpoConfig
from training.finetuning.run.policy import Loaded, element_weights, load_policy
from training.finetuning.run.run_folder import RunFolder
from training.finetuning.run.runner import Finished, on_cpu, one_first, prepare, train
from training.finetuning.merge import merge
from training.prefersim.values.vocabulary import VALUES
from training.rewards.accuracy import accuracy
from training.rewards.format import format
from training.rewards.image_similarity import FeatureSimilarity, ImageSimilarity, rescaled
from training.rewards.prediction import ImageTerm, prediction
from training.rewards.reward import Reward
from training.rewards.text_similarity import TextSimilarity, floors

STAGE = "grpo"
UNLIKE_PAIRS = 64
"""Pairs of unlike profiles that the floor of the images' likeness is measured on: +-.01."""


def train_grpo(config: GrpoConfig, *, began: float | None = None) -> Finished:
    """The whole run; on a folder that holds part of it, the rest."""
    folder = prepare(config, judge=True)
    rewards = build_rewards(config, judge=judge_folder(config, folder))
    loaded = load_policy(config.policy, on_cpu=on_cpu())
    trainer = grpo_trainer(config, loaded, rewards)
    return train(
        trainer, config, folder, stage=STAGE, base_version=loaded.base_version, began=began
    )


def grpo_trainer(config: GrpoConfig, loaded: Loaded, rewards: list[Reward]) -> Any:
    """The library's trainer, with dead groups left out and groups weighted."""
    from training.finetuning.grpo.group_trainer import GroupTrainer

    # The library pads questions on this side, and leaves the images' places to the processor's:
    # on another one every question but the longest would be read with other tokens' positions.
    loaded.processor.tokenizer.padding_side = "left"
    fit = fit_to(VisionConfig.read(config.policy.base))
    rows = grpo_dataset(grpo_rows(all_cases(config), config.tasks, fit, seed=config.data.seed))
    batch = config.optimizing.batch * config.optimizing.accumulation // config.group
    if len(rows) < batch:
        raise BadConfig(
            f"{len(rows)} rows are left of the cases, but one step takes {batch}: give more cases,"
            " or a smaller batch"
        )
    trainer = GroupTrainer(
        model=loaded.model,
        args=grpo_arguments(config, on_cpu=on_cpu()),
        reward_funcs=rewards,
        train_dataset=rows,
        processing_class=loaded.processor,
        peft_config=loaded.lora,
    )
    trainer.train_dataset = RowsOnce(rows)
    scale_once(loaded.processor.image_processor)
    if trainer.accelerator.num_processes == 1:  # a spread tower must be run by all at once
        whole = trainer.model.get_base_model().model
        see_once(whole)
        trainer.questions = SharedQuestions(whole.language_model)
    return trainer


def all_cases(config: GrpoConfig) -> Iterator[Case]:
    data = config.data
    if data.source is not None:
        return read_cases(data.source, most=data.cases)
    return draw_cases(
        data.cases,
        seed=data.seed,
        multi=data.multi,
        level=data.level,
        workers=data.workers,
        by_word="predict" in config.tasks,
    )


def build_rewards(config: GrpoConfig, *, judge: Path) -> list[Reward]:
    """In the order of `Weights.as_list`."""
    encoder = WordEncoder(MiniLM())
    text = TextSimilarity(encoder, floors(encoder, VALUES))
    pictured = None
    if config.image_similarity != "none":
        renderer = DrawnProfiles(encoder)
        similarity = rescaled(
            _image_similarity(config), renderer, unlike=unlike_profiles(UNLIKE_PAIRS)
        )
        pictured = ImageTerm(renderer, similarity)
    weights = element_weights(config.policy)
    return [prediction(text, pictured), format, accuracy(EngineJudge(judge, weights), weights)]


def judge_folder(config: GrpoConfig, folder: RunFolder) -> Path:
    """The model named as judge, or the policy as it starts: its base, its adapter merged in."""
    if config.judge is not None:
        return config.judge
    if config.policy.adapter is None:
        return config.policy.base
    with one_first():
        return merge(base=config.policy.base, adapter=config.policy.adapter, to=folder.judge)


def _image_similarity(config: GrpoConfig) -> ImageSimilarity:
    if config.image_similarity == "dreamsim":
        from training.rewards.dreamsim import DreamSimSimilarity

        return DreamSimSimilarity()
    return FeatureSimilarity()


def main() -> None:
    run_command(GrpoConfig, train_grpo, says=__doc__ or "")


if __name__ == "__main__":
    main()
