"""Run a trainer from the first checks to the written adapter, for SFT and GRPO alike."""

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.finetuning.run.adapter import write_adapter
from training.finetuning.run.callbacks import ProgressCallback
from training.finetuning.run.config import AnyConfig, BadConfig
from training.finetuning.run.decay import DecayCallback
from training.finetuning.run.kept_change import keep_share_of_change
from training.finetuning.run.limits import Machine, reason_not_to_start
from training.finetuning.run.policy import element_weights, needs, policy_style
from training.finetuning.run.run_folder import RunFolder, step_of
from training.finetuning.run.training_curves import curves, flat


def print_line(line: str) -> None:
    """Print a line without buffering, also into a pipe."""
    print(line, flush=True)


@dataclass(frozen=True)
class Finished:
    """The result of a run."""

    adapter: Path
    version: str
    steps: int
    """Optimizer steps; 0 where none of them changed the model."""
    seconds: float
    ran_out_of_time: bool
    note: str = ""
    """Why it ended early, other than by its time; empty otherwise."""


def check_machine(config: AnyConfig, *, with_reward_model: bool) -> None:
    """Raises `BadConfig` if disk or memory are too small, before anything is loaded."""
    import psutil

    folder = config.run.folder.absolute()
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    machine = Machine(shutil.disk_usage(existing).free, psutil.virtual_memory().available)
    reason = reason_not_to_start(
        machine,
        needs(config.policy, with_reward_model=with_reward_model),
        spare=config.run.spare_gigabytes,
    )
    if reason:
        raise BadConfig(reason)


def on_cpu() -> bool:
    import torch

    return not torch.cuda.is_available()


def main_process_first() -> AbstractContextManager[None]:
    """The main process runs the block first; the other processes of the launch run it after."""
    from accelerate import PartialState

    first: AbstractContextManager[None] = PartialState(cpu=on_cpu()).main_process_first()
    return first


def prepare(config: AnyConfig, *, with_reward_model: bool = False) -> RunFolder:
    """Check the machine, claim the folder, and set seeds and threads."""
    import torch
    from transformers import set_seed

    # Both raise for a wrong manifest or setting before anything is trained.
    element_weights(config.policy)
    policy_style(config.policy)
    check_machine(config, with_reward_model=with_reward_model)
    folder = RunFolder(config.run.folder)
    with main_process_first():
        folder.open(config)
    if config.run.threads:
        torch.set_num_threads(config.run.threads)
    set_seed(config.run.seed)
    return folder


def train(
    trainer: Any,
    config: AnyConfig,
    folder: RunFolder,
    *,
    stage: str,
    base_version: str,
    began: float | None = None,
    report: Callable[[str], None] = print_line,
) -> Finished:
    """Train from the last checkpoint to the end or to the budget, and write the adapter.

    The time counts from `began`, a value of `time.monotonic`. Raises `BadConfig` for a setting that
    the launch cannot follow.
    """
    kept_change = config.optimizing.kept_change
    if kept_change < 1 and _is_sharded(trainer):
        raise BadConfig(
            f"optimizing.kept_change is {kept_change}, but the weights are spread over several"
            " processes: set it to 1, or train in one process"
        )
    with main_process_first():
        last = folder.last_checkpoint()
    first = step_of(last) if last else 0
    main = trainer.accelerator.is_main_process
    all_curves = (
        curves(
            folder.path,
            address=config.run.mlflow or folder.mlflow,
            name=stage,
            parameters=flat(config.model_dump(mode="json")),
            first=first,
        )
        if main
        else []
    )
    budget = config.run.minutes * 60 if config.run.minutes else None
    progress = ProgressCallback(
        folder, stage=stage, curves=all_curves, budget=budget, report=report, began=began
    )
    decay_share = config.optimizing.decay_share
    trainer.remove_callback(_library_printer())
    trainer.add_callback(progress)
    trainer.add_callback(DecayCallback(decay_share, budget=budget, spent=lambda: progress.spent))
    finished = False
    try:
        if last and (first >= config.run.steps or progress.is_late):
            trainer._load_from_checkpoint(str(last))  # the library would train one more step
            trainer.state.global_step = first
            progress.ran_out_of_time = first < config.run.steps
        else:
            if last:
                report(f"{stage}: resuming from step {first} of {config.run.steps}.")
            trainer.train(resume_from_checkpoint=str(last) if last else None)
        finished = True
    finally:
        for curve in all_curves:
            curve.close(finished=finished)
    trainer.accelerator.wait_for_everyone()
    if kept_change < 1:
        keep_share_of_change(trainer.accelerator.unwrap_model(trainer.model), kept_change)
    return _finish(
        trainer, config, folder,
        progress=progress, stage=stage, base_version=base_version,
        report=report, resumed=first > 0,
    )  # fmt: skip


def _library_printer() -> Any:
    from transformers import PrinterCallback

    return PrinterCallback


def _is_sharded(trainer: Any) -> bool:
    return bool(trainer.is_deepspeed_enabled or trainer.is_fsdp_enabled)


def _finish(
    trainer: Any,
    config: AnyConfig,
    folder: RunFolder,
    *,
    progress: ProgressCallback,
    stage: str,
    base_version: str,
    report: Callable[[str], None],
    resumed: bool,
) -> Finished:
    steps = int(trainer.state.global_step)
    model = trainer.accelerator.unwrap_model(trainer.model)
    adapter = folder.adapters
    # All processes together gather a sharded model.
    whole = trainer.accelerator.get_state_dict(trainer.model) if _is_sharded(trainer) else None
    if trainer.accelerator.is_main_process:
        adapter = write_adapter(
            model,
            folder.adapters,
            base_version=base_version,
            stage=stage,
            seed=config.run.seed,
            training={"steps": steps, "configuration": config.model_dump(mode="json")},
            weights=whole,
            element_weights=element_weights(config.policy),
            style=policy_style(config.policy),
        )
    note = str(getattr(trainer, "early_end", ""))
    if note:
        report(f"{stage}: ended early after {steps} steps, because {note}.")
    if note and not trainer.learned and not resumed:
        steps = 0  # the adapter is the one of the start
    return Finished(adapter, adapter.name, steps, progress.spent, progress.ran_out_of_time, note)
