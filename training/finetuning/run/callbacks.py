"""Trainer callback: report progress, record training curves, stop within the time budget."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from transformers import TrainerCallback

from training.finetuning.run.limits import out_of_time
from training.finetuning.run.run_folder import Progress, RunFolder
from training.finetuning.run.training_curves import Curves, numbers
from training.plots.progress import spell

PRINTED = (
    "loss", "reward", "rewards/prediction/mean", "rewards/format/mean", "rewards/accuracy/mean",
    "rewards/accuracies", "rewards/margins",
)  # fmt: skip
"""Metrics on the progress line; the training curves keep all of them."""


def _any_process(late: bool, args: Any) -> bool:
    """Whether any process is late. All stop in the same step, because a step needs all of them."""
    if args.world_size == 1:
        return late
    flag = torch.tensor(float(late), device=args.device)
    torch.distributed.all_reduce(flag, torch.distributed.ReduceOp.MAX)
    return bool(flag.item())


class ProgressCallback(TrainerCallback):
    """Adds up the time of all resumptions of a run."""

    def __init__(
        self,
        folder: RunFolder,
        *,
        stage: str,
        curves: Sequence[Curves],
        budget: float | None,
        report: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
        began: float | None = None,
    ) -> None:
        """`budget` is in seconds from `began`: loading the model is part of the time."""
        self._folder, self._stage, self._curves, self._budget = folder, stage, curves, budget
        self._report, self._clock = report, clock
        before = folder.progress()
        self._spent_before = before.seconds_spent if before else 0.0
        self._loaded = self._step_began = clock()
        self._began = self._loaded if began is None else began
        self._first_step: int | None = None
        self._longest = 0.0
        self.ran_out_of_time = False

    @property
    def spent(self) -> float:
        """Seconds spent, with those before a resumption."""
        return self._spent_before + self._clock() - self._began

    @property
    def is_late(self) -> bool:
        """Whether another step would exceed the budget."""
        return out_of_time(spent=self.spent, longest_step=self._longest, budget=self._budget)

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._step_began = self._clock()
        if self._first_step is None:
            self._first_step = state.global_step

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self._longest = max(self._longest, self._clock() - self._step_began)
        if state.is_world_process_zero:
            self._folder.write_progress(self._progress(state))
        if _any_process(self.is_late, args) and state.global_step < state.max_steps:
            self.ran_out_of_time = True
            control.should_training_stop = control.should_save = True

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any
    ) -> None:
        if not state.is_world_process_zero or not logs:
            return
        metrics = numbers(logs)
        for curves in self._curves:
            curves.add(state.global_step, metrics)
        if "train_runtime" in logs:  # the trainer's own summary
            return
        progress = self._progress(state)
        printed = ", ".join(
            f"{name.split('/')[-2] if '/' in name else name} {metrics[name]:.3f}"
            for name in PRINTED
            if name in metrics
        )
        self._report(
            f"{self._stage} {progress.step}/{progress.steps}, {spell(progress.seconds_spent)},"
            f" {spell(progress.seconds_left)} left: {printed}"
        )

    def _progress(self, state: Any) -> Progress:
        done = state.global_step - (self._first_step or 0)
        seconds_per_step = (self._clock() - self._loaded) / max(1, done)
        left = seconds_per_step * (state.max_steps - state.global_step)
        if self._budget is not None:
            left = max(0.0, min(left, self._budget - self.spent))
        return Progress(self._stage, state.global_step, state.max_steps, self.spent, left)
