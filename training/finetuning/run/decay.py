"""Trainer callback: let the learning rate fall to zero at the end of a run, by steps or by time."""

from collections.abc import Callable
from typing import Any

from transformers import TrainerCallback


def decayed(done: float, share: float) -> float:
    """Factor of the learning rate after the share `done` of a run: it falls over the last `share`.

    The schedule "warm-up, stable, decay" (Hu et al. 2024, arXiv 2404.06395, section 4).
    """
    if share <= 0:
        return 1.0
    return min(1.0, max(0.0, 1.0 - done) / share)


class DecayCallback(TrainerCallback):
    """Scales the scheduler's learning rate before each step."""

    def __init__(self, share: float, *, budget: float | None, spent: Callable[[], float]) -> None:
        """`budget` and `spent` are in seconds, with those before a resumption."""
        self._share, self._budget, self._spent = share, budget, spent

    def on_step_begin(self, args: Any, state: Any, control: Any, **objects: Any) -> None:
        factor = decayed(self._done(state), self._share)
        optimizer, scheduler = objects["optimizer"], objects["lr_scheduler"]
        # The scheduler computes its rates from those of the start, so that factors do not add up.
        for group, rate in zip(optimizer.param_groups, scheduler.get_last_lr(), strict=True):
            group["lr"] = rate * factor

    def _done(self, state: Any) -> float:
        of_time = self._spent() / self._budget if self._budget else 0.0
        return max(of_time, state.global_step / state.max_steps)
