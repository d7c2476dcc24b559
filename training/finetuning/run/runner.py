"""One run from its checks to its adapter, whichever trainer does the steps."""

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.finetuning.run.adapter import write_adapter
from training.finetuning.run.callbacks import Watch
from training.finetuning.run.config import BadConfig, GrpoConfig, SftConfig
from training.finetuning.run.limits import Machine, reason_not_to_start
from training.finetuning.run.policy import element_weights, needs
from training.finetuning.run.run_folder import RunFolder
from training.finetuning.run.training_curves import curves, flat


def say_at_once(line: str) -> None:
    """To whoever watches, also through a pipe."""
    print(line, flush=True)


@dataclass(frozen=True)
class Finished:
    """What a run left."""

    adapter: Path
    version: str
    steps: int
    seconds: float
    ran_out_of_time: bool


def check_machine(config: SftConfig | GrpoConfig, *, judge: bool) -> None:
    """Raises `BadConfig` where disk or memory are short, before anything is loaded."""
    import psutil

    folder = config.run.folder.absolute()
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    machine = Machine(shutil.disk_usage(existing).free, psutil.virtual_memory().available)
    reason = reason_not_to_start(
        machine, needs(config.policy, judge=judge), spare=config.run.spare_gigabytes
    )
    if reason:
        raise BadConfig(reason)


def on_cpu() -> bool:
    import torch

    return not torch.cuda.is_available()


def one_first() -> AbstractContextManager[None]:
    """Of the processes of a launch the first does what is inside, then the others find it done."""
    from accelerate import PartialState

    first: AbstractContextManager[None] = PartialState(cpu=on_cpu()).main_process_first()
    return first


def prepare(config: SftConfig | GrpoConfig, *, judge: bool = False) -> RunFolder:
    """Check the machine, claim the folder, and set what chance and sums depend on."""
    import torch
    from transformers import set_seed

    element_weights(config.policy)  # a manifest that is wrong is refused before it has cost a night
    check_machine(config, judge=judge)
    folder = RunFolder(config.run.folder)
    with one_first():
        folder.open(config)
    if config.run.threads:
        torch.set_num_threads(config.run.threads)
    set_seed(config.run.seed)
    return folder


def train(
    trainer: Any,
    config: SftConfig | GrpoConfig,
    folder: RunFolder,
    *,
    stage: str,
    base_version: str,
    began: float | None = None,
    say: Callable[[str], None] = say_at_once,
) -> Finished:
    """Go on from the last checkpoint to the end, or while there is time; write the adapter.

    The time counts from `began`, a moment of `time.monotonic`.
    """
    with one_first():
        last = folder.last_checkpoint()
    first = int(last.name.rpartition("-")[2]) if last else 0
    main = trainer.accelerator.is_main_process
    kept = (
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
    minutes = config.run.minutes
    watch = Watch(
        folder, stage=stage, curves=kept, budget=minutes * 60 if minutes else None, say=say,
        began=began,
    )  # fmt: skip
    trainer.remove_callback(_library_printer())
    trainer.add_callback(watch)
    finished = False
    try:
        if last and (first >= config.run.steps or watch.is_late):
            trainer._load_from_checkpoint(str(last))  # the library would train one step more
            trainer.state.global_step = first
            watch.ran_out_of_time = first < config.run.steps
        else:
            if last:
                say(f"{stage}: going on from step {first} of {config.run.steps}.")
            trainer.train(resume_from_checkpoint=str(last) if last else None)
        finished = True
    finally:
        for one in kept:
            one.close(finished=finished)
    trainer.accelerator.wait_for_everyone()
    return _finish(trainer, config, folder, watch=watch, stage=stage, base_version=base_version)


def _library_printer() -> Any:
    from transformers import PrinterCallback

    return PrinterCallback


def _is_spread(trainer: Any) -> bool:
    return bool(trainer.is_deepspeed_enabled or trainer.is_fsdp_enabled)


def _finish(
    trainer: Any,
    config: SftConfig | GrpoConfig,
    folder: RunFolder,
    *,
    watch: Watch,
    stage: str,
    base_version: str,
) -> Finished:
    steps = int(trainer.state.global_step)
    model = trainer.accelerator.unwrap_model(trainer.model)
    place = folder.adapters
    # Spread over processes, a model can only be gathered by all of them together.
    whole = trainer.accelerator.get_state_dict(trainer.model) if _is_spread(trainer) else None
    if trainer.accelerator.is_main_process:
        place = write_adapter(
            model,
            folder.adapters,
            base_version=base_version,
            stage=stage,
            seed=config.run.seed,
            training={"steps": steps, "configuration": config.model_dump(mode="json")},
            weights=whole,
            element_weights=element_weights(config.policy),
        )
    return Finished(place, place.name, steps, watch.spent, watch.ran_out_of_time)
