"""Train a model with DPO (TRL) on pairs of profiles: the one that ranks a user's pairs better wins.

python -m training.finetuning.dpo.train --config training/configs/nano-dpo.toml

DPO (arXiv 2305.18290) needs no samples and no reward model while it trains. It is the baseline of
GRPO. The reference is the model at the start: the base with the adapter switched off, or a frozen
copy of the adapter that the run continues.
"""

from collections.abc import Iterator
from typing import Any

from training.finetuning.data.case_files import read_profile_pairs
from training.finetuning.data.cases import ProfilePair
from training.finetuning.data.line_sources import BadRows, report_skipped
from training.finetuning.data.rows import dpo_dataset, dpo_row
from training.finetuning.dpo.simulated_pairs import draw_profile_pairs
from training.finetuning.dpo.weighted_order import WeightedSampler
from training.finetuning.grpo.vision_cache import encode_once, may_encode_once
from training.finetuning.run.arguments import dpo_arguments
from training.finetuning.run.commands import run_command
from training.finetuning.run.config import BadConfig, DpoConfig
from training.finetuning.run.own_adapter import with_own_adapter
from training.finetuning.run.policy import Loaded, load_policy, policy_style
from training.finetuning.run.runner import Finished, on_cpu, prepare, train

STAGE = "dpo"


def train_dpo(config: DpoConfig, *, began: float | None = None) -> Finished:
    """Run DPO; a folder that holds a part of the run is resumed."""
    folder = prepare(config)
    loaded = load_policy(config.policy, on_cpu=on_cpu())
    trainer = dpo_trainer(config, loaded)
    return train(
        trainer, config, folder, stage=STAGE, base_version=loaded.base_version, began=began
    )


def dpo_trainer(config: DpoConfig, loaded: Loaded) -> Any:
    """TRL's trainer, with rows drawn in proportion to their weights."""
    from trl import DPOTrainer

    style = policy_style(config.policy)
    weights: list[float] = []

    def with_weights() -> Iterator[ProfilePair]:
        for pair in all_profile_pairs(config):
            # Words that are not written in this style would leave two equal answers.
            answers = {style.taste_answer(p.likes, p.dislikes) for p in (pair.better, pair.worse)}
            if pair.weight > 0 and len(answers) == 2:
                weights.append(pair.weight)
                yield pair

    rows = dpo_dataset(dpo_row(pair, loaded.fit, style) for pair in with_weights())
    if not len(rows):
        raise BadConfig(
            "there is no pair of profiles to learn from: set data.source to a file with pairs of"
            " positive weight whose profiles differ"
        )
    trainer = DPOTrainer(
        model=loaded.model,
        args=dpo_arguments(config, on_cpu=on_cpu()),
        train_dataset=rows,
        processing_class=loaded.processor,
        peft_config=loaded.lora,
    )
    if may_encode_once(trainer):
        # Better and worse answers follow the same images.
        encode_once(trainer.model.get_base_model().model)
    trainer._load_from_checkpoint = with_own_adapter(trainer)
    sampler = WeightedSampler(weights, seed=config.run.seed)
    trainer._get_train_sampler = lambda dataset=None: sampler
    return trainer


def all_profile_pairs(config: DpoConfig) -> Iterator[ProfilePair]:
    """Pairs from the configured file, or of simulated users."""
    data = config.data
    if not data.sources:
        yield from draw_profile_pairs(
            data.cases, seed=data.seed, multi=data.multi, level=data.level, workers=data.workers
        )
        return
    bad_rows = BadRows(skip=data.bad_rows == "skip")
    yield from read_profile_pairs(
        data.sources, most=data.cases, images=data.image_folders, bad_rows=bad_rows
    )
    report_skipped(bad_rows)


def main() -> None:
    run_command(DpoConfig, train_dpo, description=__doc__ or "")


if __name__ == "__main__":
    main()
