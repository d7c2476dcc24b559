"""Train a model with SFT (TRL, PEFT) on answers derived from the truth of simulated users.

python -m training.finetuning.sft.train --config training/configs/nano-sft.toml
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from training.finetuning.data.case_files import read_examples
from training.finetuning.data.cases import Example
from training.finetuning.data.line_sources import BadRows, report_skipped
from training.finetuning.data.rows import sft_dataset, sft_row
from training.finetuning.data.simulated import draw_cases, examples
from training.finetuning.grpo.vision_cache import encode_once, may_encode_once
from training.finetuning.run.arguments import sft_arguments
from training.finetuning.run.commands import run_command
from training.finetuning.run.config import BadConfig, SftConfig
from training.finetuning.run.policy import Loaded, load_policy, policy_style
from training.finetuning.run.runner import Finished, on_cpu, prepare, train
from training.finetuning.sft.bucketed_sampler import size_of, with_bucketed_batches
from training.finetuning.sft.held_digits import HeldDigits

STAGE = "sft"
KEPT_FEATURES = 256 * 1024**2
"""Bytes of image features that stay for later batches: many examples show the same image."""


def train_sft(config: SftConfig, *, began: float | None = None) -> Finished:
    """Run SFT; a folder that holds a part of the run is resumed."""
    folder = prepare(config)
    loaded = load_policy(config.policy, on_cpu=on_cpu())
    trainer = sft_trainer(config, loaded)
    return train(
        trainer, config, folder, stage=STAGE, base_version=loaded.base_version, began=began
    )


def sft_trainer(config: SftConfig, loaded: Loaded) -> Any:
    """TRL's trainer, with the loss on the completions only; digits are held where serving does."""
    from trl import SFTTrainer

    sizes: list[tuple[int, int]] = []

    def with_sizes() -> Iterator[Example]:
        for example in all_examples(config):
            sizes.append(size_of(example))
            yield example

    rows = sft_dataset(sft_row(example, loaded.fit) for example in with_sizes())
    if not len(rows):
        raise BadConfig(
            "there is no example to learn from: set data.source to a file with examples"
        )
    trainer = SFTTrainer(
        model=loaded.model,
        args=sft_arguments(config, on_cpu=on_cpu()),
        train_dataset=rows,
        processing_class=loaded.processor,
        peft_config=loaded.lora,
    )
    if may_encode_once(trainer):
        encode_once(trainer.model.get_base_model().model, kept_bytes=KEPT_FEATURES)
    if policy_style(config.policy).digit_reading == "held":
        trainer.data_collator = HeldDigits(trainer.data_collator, loaded.processor.tokenizer)
    batch = config.optimizing.batch * config.optimizing.accumulation
    return with_bucketed_batches(trainer, sizes, batch=batch, seed=config.run.seed)


def all_examples(config: SftConfig) -> Iterator[Example]:
    """Examples from the file, or of simulated users: one for each task and user."""
    data, style = config.data, policy_style(config.policy)
    if data.sources:
        bad_rows = BadRows(skip=data.bad_rows == "skip")
        yield from read_examples(
            data.sources,
            most=data.cases,
            images=data.image_folders,
            bad_rows=bad_rows,
            style=style,
        )
        report_skipped(bad_rows)
        return
    rng = np.random.default_rng((data.seed, data.cases))
    for case in draw_cases(
        data.cases, seed=data.seed, multi=data.multi, level=data.level, workers=data.workers
    ):
        yield from examples(case, config.tasks, rng, varied=config.varied_rationales, style=style)


def main() -> None:
    run_command(SftConfig, train_sft, description=__doc__ or "")


if __name__ == "__main__":
    main()
