"""Teach a model to reason as simulated people's truth does, by imitation (SFT with TRL and PEFT).

python -m training.finetuning.sft.train --config training/configs/nano-sft.toml
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from shared.vlm.checkpoint.vision_config import VisionConfig
from training.finetuning.data.case_files import read_examples
from training.finetuning.data.cases import Example
from training.finetuning.data.rows import fit_to, sft_dataset, sft_row
from training.finetuning.data.simulated import draw_cases, examples
from training.finetuning.run.arguments import sft_arguments
from training.finetuning.run.commands import run_command
from training.finetuning.run.config import BadConfig, SftConfig
from training.finetuning.run.policy import Loaded, load_policy
from training.finetuning.run.runner import Finished, on_cpu, prepare, train
from training.finetuning.sft.bucketed_sampler import evenly_batched, size_of

STAGE = "sft"


def train_sft(config: SftConfig, *, began: float | None = None) -> Finished:
    """The whole run; on a folder that holds part of it, the rest."""
    folder = prepare(config)
    loaded = load_policy(config.policy, on_cpu=on_cpu())
    trainer = sft_trainer(config, loaded)
    return train(
        trainer, config, folder, stage=STAGE, base_version=loaded.base_version, began=began
    )


def sft_trainer(config: SftConfig, loaded: Loaded) -> Any:
    """The library's trainer, with the loss on the answers alone."""
    from trl import SFTTrainer

    fit = fit_to(VisionConfig.read(config.policy.base))
    sizes: list[tuple[int, int]] = []

    def measured() -> Iterator[Example]:
        for example in all_examples(config):
            sizes.append(size_of(example))
            yield example

    rows = sft_dataset(sft_row(example, fit) for example in measured())
    if not len(rows):
        raise BadConfig("there is no example to learn from: give data.source a file that has some")
    trainer = SFTTrainer(
        model=loaded.model,
        args=sft_arguments(config, on_cpu=on_cpu()),
        train_dataset=rows,
        processing_class=loaded.processor,
        peft_config=loaded.lora,
    )
    batch = config.optimizing.batch * config.optimizing.accumulation
    return evenly_batched(trainer, sizes, batch=batch, seed=config.run.seed)


def all_examples(config: SftConfig) -> Iterator[Example]:
    """From the file, or from simulated people: each task once a person."""
    data = config.data
    if data.source is not None:
        yield from read_examples(data.source, most=data.cases)
        return
    rng = np.random.default_rng((data.seed, data.cases))
    for case in draw_cases(
        data.cases, seed=data.seed, multi=data.multi, level=data.level, workers=data.workers
    ):
        yield from examples(case, config.tasks, rng, varied=config.varied_reasons)


def main() -> None:
    run_command(SftConfig, train_sft, says=__doc__ or "")


if __name__ == "__main__":
    main()
